// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.formats.crypto.Argon2.Variant;

/**
 * One lane's part of a slice, filled in one pass of Argon2.
 *
 * @see "RFC 9106, 3.4 to 3.6"
 */
final class Argon2Segment {
  private static final int WORDS = Argon2Memory.WORDS;
  private static final long LOW = 0xffff_ffffL;

  private final Argon2Memory memory;
  private final int pass;
  private final int slice;
  private final int lane;
  private final int length;
  private final boolean byPosition;
  private final long[] mixed = new long[WORDS];
  private final long[] places = new long[WORDS]; // pseudo-random numbers by position
  private final long[] input = new long[WORDS];

  Argon2Segment(Argon2Memory memory, int pass, int slice, int lane) {
    this.memory = memory;
    this.pass = pass;
    this.slice = slice;
    this.lane = lane;
    this.length = memory.laneBlocks / Argon2.SLICES;
    Argon2 parameters = memory.parameters;
    this.byPosition = parameters.variant() == Variant.I || (pass == 0 && slice < Argon2.SLICES / 2);
    input[0] = pass;
    input[1] = lane;
    input[2] = slice;
    input[3] = (long) memory.laneBlocks * parameters.lanes();
    input[4] = parameters.passes();
    input[5] = parameters.variantNumber();
  }

  void fill() {
    int lanes = memory.parameters.lanes();
    int start = pass == 0 && slice == 0 ? 2 : 0; // the first two blocks are the hash's
    var before = new long[WORDS];
    var other = new long[WORDS];
    var out = new long[WORDS];
    int first = slice * length;
    memory.get(lane, Math.floorMod(first + start - 1, memory.laneBlocks), before);
    for (int i = start; i < length; i++) {
      if (byPosition && (i == start || i % WORDS == 0)) {
        nextPlaces();
      }
      long random = byPosition ? places[i % WORDS] : before[0];
      int otherLane = pass == 0 && slice == 0 ? lane : (int) ((random >>> 32) % lanes);
      memory.get(otherLane, place(random & LOW, i, otherLane == lane), other);
      if (pass > 0) {
        memory.get(lane, first + i, out);
        compress(before, other, out, true);
      } else {
        compress(before, other, out, false);
      }
      memory.set(lane, first + i, out);
      long[] swap = before;
      before = out;
      out = swap;
    }
  }

  private void nextPlaces() {
    input[6]++;
    var zeroes = new long[WORDS];
    compress(zeroes, input, places, false);
    compress(zeroes, places, places, false);
  }

  /** Which block of a lane to mix with: the nearer ones are the likelier. */
  private int place(long random, int index, boolean sameLane) {
    int filled = pass == 0 ? slice * length : memory.laneBlocks - length;
    int eligible = filled + (sameLane ? index - 1 : index == 0 ? -1 : 0);
    long squared = (random * random) >>> 32;
    long relative = eligible - 1 - ((eligible * squared) >>> 32);
    int start = pass == 0 || slice == Argon2.SLICES - 1 ? 0 : (slice + 1) * length;
    return (int) ((start + relative) % memory.laneBlocks);
  }

  /** G: mixes two blocks into {@code out}, added to what is there if {@code adding}. */
  private void compress(long[] x, long[] y, long[] out, boolean adding) {
    long[] v = mixed;
    for (int i = 0; i < WORDS; i++) {
      long both = x[i] ^ y[i];
      v[i] = both;
      out[i] = adding ? out[i] ^ both : both;
    }
    for (int row = 0; row < WORDS; row += 16) {
      permute(v, row, 2);
    }
    for (int column = 0; column < 16; column += 2) {
      permute(v, column, 16);
    }
    for (int i = 0; i < WORDS; i++) {
      out[i] ^= v[i];
    }
  }

  /** P, over eight pairs of words that lie {@code step} apart. */
  private static void permute(long[] v, int at, int step) {
    int b = at + 2 * step;
    int c = at + 4 * step;
    int d = at + 6 * step;
    mix(v, at, b, c, d);
    mix(v, at + 1, b + 1, c + 1, d + 1);
    mix(v, at + step, b + step, c + step, d + step);
    mix(v, at + step + 1, b + step + 1, c + step + 1, d + step + 1);
    mix(v, at, b + 1, c + step, d + step + 1);
    mix(v, at + 1, b + step, c + step + 1, d);
    mix(v, at + step, b + step + 1, c, d + 1);
    mix(v, at + step + 1, b, c + 1, d + step);
  }

  private static void mix(long[] v, int atA, int atB, int atC, int atD) {
    long a = v[atA];
    long b = v[atB];
    long c = v[atC];
    long d = v[atD];
    a += b + 2 * (a & LOW) * (b & LOW);
    d = Long.rotateRight(d ^ a, 32);
    c += d + 2 * (c & LOW) * (d & LOW);
    b = Long.rotateRight(b ^ c, 24);
    a += b + 2 * (a & LOW) * (b & LOW);
    d = Long.rotateRight(d ^ a, 16);
    c += d + 2 * (c & LOW) * (d & LOW);
    b = Long.rotateRight(b ^ c, 63);
    v[atA] = a;
    v[atB] = b;
    v[atC] = c;
    v[atD] = d;
  }
}
