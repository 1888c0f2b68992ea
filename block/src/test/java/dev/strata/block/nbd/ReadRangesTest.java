// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ReadRangesTest {
  @Test
  void contentMayComeInAnyOrder() {
    var ranges = new ReadRanges();
    assertTrue(ranges.add(512, 512));
    assertTrue(ranges.add(0, 512));
    assertFalse(ranges.covers(2048));
    assertTrue(ranges.add(1536, 512));
    assertTrue(ranges.add(1024, 512));
    assertTrue(ranges.covers(2048));
    assertFalse(ranges.covers(2049));
  }

  @Test
  void noByteComesTwice() {
    var ranges = new ReadRanges();
    assertTrue(ranges.add(512, 512));
    assertFalse(ranges.add(512, 1));
    assertFalse(ranges.add(1023, 1));
    assertFalse(ranges.add(0, 513));
    assertFalse(ranges.add(0, 4096));
    assertFalse(ranges.add(600, 10));
  }

  @Test
  void aReplyInTooManyPiecesIsRefused() {
    var ranges = new ReadRanges();
    int taken = 0;
    while (ranges.add(2L * taken, 1)) {
      taken++;
      assertTrue(taken < 100_000);
    }
    assertEquals(4096, taken);
  }

  @Test
  void agreesWithABitForEveryByte() {
    var random = new SplittableRandom(7);
    for (int round = 0; round < 2000; round++) {
      var ranges = new ReadRanges();
      var bits = new BitSet();
      for (int i = 0; i < 40; i++) {
        int start = random.nextInt(64);
        int length = 1 + random.nextInt(12);
        boolean free = bits.get(start, start + length).isEmpty();
        assertEquals(free, ranges.add(start, length));
        if (!free) {
          break; // the connection would be given up
        }
        bits.set(start, start + length);
        assertEquals(bits.nextClearBit(0) == bits.length(), ranges.covers(bits.length()));
      }
    }
  }
}
