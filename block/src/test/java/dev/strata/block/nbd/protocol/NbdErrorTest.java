// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.Errno;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which numbers failures have, as the reference sends them. */
final class NbdErrorTest {
  @ParameterizedTest
  @CsvSource({
    "EPERM, 1",
    "EROFS, 1",
    "EIO, 5",
    "ENOMEM, 12",
    "EINVAL, 22",
    "EACCES, 22",
    "ENOSPC, 28",
    "EDQUOT, 28",
    "EFBIG, 28",
    "EOVERFLOW, 75",
    "EOPNOTSUPP, 95",
    "ESHUTDOWN, 108"
  })
  void eachFailureHasANumber(Errno errno, int number) {
    assertEquals(number, NbdError.of(errno));
  }
}
