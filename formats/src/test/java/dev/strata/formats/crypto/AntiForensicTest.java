// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class AntiForensicTest {
  private static final int STRIPES = 40;

  @Test
  void allStripesTogetherAreTheKey() {
    for (HashAlgorithm hash : HashAlgorithm.values()) {
      for (int size : new int[] {16, 24, 32, 48, 64}) {
        var key = new byte[size];
        new Random(size).nextBytes(key);
        byte[] split = AntiForensic.split(hash, key, STRIPES, new Random(1));
        assertArrayEquals(key, AntiForensic.merge(hash, split, size, STRIPES));
      }
    }
  }

  @Test
  void withoutOneByteOfOneStripeThereIsNoKey() {
    var key = new byte[32];
    new Random(2).nextBytes(key);
    byte[] split = AntiForensic.split(HashAlgorithm.SHA256, key, STRIPES, new Random(1));
    for (int at = 0; at < split.length; at += 31) {
      byte[] damaged = split.clone();
      damaged[at] ^= 1;
      byte[] merged = AntiForensic.merge(HashAlgorithm.SHA256, damaged, 32, STRIPES);
      assertFalse(Arrays.equals(key, merged), "byte " + at);
    }
  }
}
