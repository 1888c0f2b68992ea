// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Inputs made from others by chance, the same for the same seed. */
final class Mutations {
  private static final int MAX_LENGTH = 512;
  private static final int MAX_CHANGES = 6;
  private static final byte[] ODD = {
    0, 1, -1, 127, -128, '"', '\\', '[', '{', ',', '=', ':', '%', '.'
  };

  private final List<byte[]> seeds;
  private final Random random;

  Mutations(List<byte[]> seeds, long seed) {
    this.seeds = seeds;
    this.random = new Random(seed);
  }

  /** The next input. */
  byte[] next() {
    byte[] input = any().clone();
    for (int i = random.nextInt(MAX_CHANGES) + 1; i > 0; i--) {
      input = changed(input);
    }
    return input.length > MAX_LENGTH ? Arrays.copyOf(input, MAX_LENGTH) : input;
  }

  private byte[] any() {
    return seeds.get(random.nextInt(seeds.size()));
  }

  private byte[] changed(byte[] input) {
    int at = random.nextInt(input.length + 1);
    switch (random.nextInt(6)) {
      case 0 -> {
        byte[] longer = Arrays.copyOf(input, input.length + 1 + random.nextInt(12));
        System.arraycopy(input, at, longer, longer.length - (input.length - at), input.length - at);
        for (int i = at; i < longer.length - (input.length - at); i++) {
          longer[i] = odd();
        }
        return longer;
      }
      case 1 -> {
        return Arrays.copyOf(input, at);
      }
      case 2 -> {
        byte[] other = any();
        byte[] both = Arrays.copyOf(input, at + other.length);
        System.arraycopy(other, 0, both, at, other.length);
        return both;
      }
      default -> {
        if (at < input.length) {
          input[at] = random.nextBoolean() ? odd() : (byte) (input[at] ^ (1 << random.nextInt(8)));
        }
        return input;
      }
    }
  }

  private byte odd() {
    return random.nextBoolean() ? ODD[random.nextInt(ODD.length)] : (byte) random.nextInt(256);
  }
}
