// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sizes that {@code qemu-img create -f vpc} of QEMU 7.2 makes of those that it is given. */
class DiskGeometryTest {
  @ParameterizedTest
  @CsvSource({
    "10485760,10514432",
    "0,0",
    "136365211648,136365219840",
    "136899993600,136899993600",
  })
  void holdsTheDiskAsTightlyAsAGeometryCan(long size, long rounded) throws Exception {
    assertEquals(rounded, DiskGeometry.holding(size / 512).product() * 512);
  }

  @Test
  void saysNothingOfDisksThatAreTooLargeForIt() throws Exception {
    assertEquals(DiskGeometry.LARGEST, DiskGeometry.holding(2039L << 21));
    var e =
        assertThrows(
            BlockException.class, () -> DiskGeometry.holding(DiskGeometry.MAX_SECTORS + 1));
    assertEquals(Errno.EFBIG, e.errno());
  }
}
