// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Page tables that a guest has made to be told without an end. */
final class PageListingTest {
  private static final int TABLE = 0x20000;

  /** All of a table's entries lead to the table: by four levels to 2<sup>36</sup> pages. */
  @ParameterizedTest
  @CsvSource({"true, false", "true, true", "false, false", "false, true"})
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void tablesThatLeadToThemselvesAreToldUpToALimit(boolean wide, boolean merged) {
    try (var machine = new ProgramMachine(wide, null)) {
      machine.load(new byte[] {(byte) 0xf4});
      for (int at = 0; at < 4096; at += wide ? 8 : 4) {
        long rights = (at & 8) == 0 ? 3 : 7; // so that no two neighbours are one range
        machine.ram.memory().set(ValueLayout.JAVA_INT, TABLE + at, (int) (TABLE | rights));
      }
      machine.cpu.state.cr3 = TABLE;
      String told = machine.cpu.pages(merged);
      assertTrue(told.length() < 9 << 20, () -> "characters: " + told.length());
      assertTrue(merged || told.lines().count() > 100_000);
      assertTrue(told.endsWith(PageListing.MORE));
    }
  }
}
