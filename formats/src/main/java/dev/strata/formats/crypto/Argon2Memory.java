// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The blocks of an Argon2 computation, lane after lane, outside the heap. Different threads may use
 * different blocks at a time.
 *
 * @see "RFC 9106, 3.2"
 */
final class Argon2Memory {
  static final int BLOCK_BYTES = 1024;

  /** A block as numbers. */
  static final int WORDS = BLOCK_BYTES / Long.BYTES;

  final Argon2 parameters;
  final int laneBlocks;
  private final MemorySegment blocks;

  /** Blocks of zeroes, which live as long as {@code arena}. */
  Argon2Memory(Argon2 parameters, int laneBlocks, Arena arena) {
    this.parameters = parameters;
    this.laneBlocks = laneBlocks;
    this.blocks = arena.allocate((long) laneBlocks * parameters.lanes() * BLOCK_BYTES, 64);
  }

  private long at(int lane, int block) {
    return ((long) lane * laneBlocks + block) * BLOCK_BYTES;
  }

  void set(int lane, int block, byte[] bytes) {
    var words = new long[WORDS];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
    set(lane, block, words);
  }

  void set(int lane, int block, long[] words) {
    MemorySegment.copy(words, 0, blocks, ValueLayout.JAVA_LONG, at(lane, block), WORDS);
  }

  void get(int lane, int block, long[] words) {
    MemorySegment.copy(blocks, ValueLayout.JAVA_LONG, at(lane, block), words, 0, WORDS);
  }

  /** All lanes' last blocks, XORed. */
  byte[] sumOfLastBlocks() {
    var sum = new long[WORDS];
    var words = new long[WORDS];
    for (int lane = 0; lane < parameters.lanes(); lane++) {
      get(lane, laneBlocks - 1, words);
      for (int i = 0; i < WORDS; i++) {
        sum[i] ^= words[i];
      }
    }
    ByteBuffer bytes = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(sum);
    return bytes.array();
  }

  void wipe() {
    blocks.fill((byte) 0);
  }
}
