// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceDateTest {
  @Test
  void theEnvironmentsTimeIsTakenToTheSecond() throws BlockException {
    assertEquals(Instant.parse("2023-11-14T22:13:20Z"), SourceDate.now("1700000000"));
  }

  @Test
  void withoutItTheClockCounts() throws BlockException {
    Instant before = Instant.now();
    assertFalse(SourceDate.now(null).isBefore(before));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "1.5", "4294967296", "99999999999999999999"})
  void whatIsNoTimeIsRefused(String text) {
    assertThrows(BlockException.class, () -> SourceDate.now(text));
  }
}
