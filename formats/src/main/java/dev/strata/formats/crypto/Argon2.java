// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Workers;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.crypto.digests.Blake2bDigest;

/**
 * Makes keys of passphrases by filling much memory, many times over: Argon2, version 1.3.
 *
 * <p>Not Bouncy Castle's, which keeps the memory on the heap and goes through it on one thread: a
 * gigabyte is usual, and the tools' heaps are smaller than that.
 *
 * @param variant what decides which earlier block each block is mixed with
 * @param passes over all memory, from 1 on
 * @param kibibytes of memory, from 8 a lane on
 * @param lanes that are filled independently of one another, from 1 on
 * @see "RFC 9106, 3"
 */
record Argon2(Variant variant, int passes, int kibibytes, int lanes) {
  /** How the places of blocks to mix with are found. */
  enum Variant {
    /** By the position alone: no cache tells of the passphrase. */
    I(1),
    /** By the position for the first half of the first pass, then by the content. */
    ID(2);

    private final int number;

    Variant(int number) {
      this.number = number;
    }
  }

  private static final int VERSION = 0x13;
  private static final int HASH_BYTES = 64;
  static final int SLICES = 4;

  /**
   * A key of {@code keyBytes}.
   *
   * @throws OutOfMemoryError if there is not that much memory
   */
  byte[] derive(byte[] password, byte[] salt, int keyBytes) throws BlockException {
    int laneBlocks = kibibytes / (SLICES * lanes) * SLICES;
    try (Arena arena = Arena.ofShared()) {
      var memory = new Argon2Memory(this, laneBlocks, arena);
      byte[] first = firstHash(password, salt, keyBytes);
      for (int lane = 0; lane < lanes; lane++) {
        for (int block = 0; block < 2; block++) {
          memory.set(lane, block, longHash(Argon2Memory.BLOCK_BYTES, first, number(block, lane)));
        }
      }
      Arrays.fill(first, (byte) 0);
      for (int pass = 0; pass < passes; pass++) {
        for (int slice = 0; slice < SLICES; slice++) {
          fill(memory, pass, slice);
        }
      }
      byte[] last = memory.sumOfLastBlocks();
      byte[] key = longHash(keyBytes, last);
      Arrays.fill(last, (byte) 0);
      memory.wipe();
      return key;
    }
  }

  /** A slice of all lanes: they look at one another's slices before only. */
  private void fill(Argon2Memory memory, int pass, int slice) throws BlockException {
    var next = new AtomicInteger();
    Workers.run(
        "key",
        Math.min(lanes, Runtime.getRuntime().availableProcessors()),
        all -> {
          for (int lane = next.getAndIncrement(); lane < lanes; lane = next.getAndIncrement()) {
            new Argon2Segment(memory, pass, slice, lane).fill();
          }
        });
  }

  /** H_0. */
  private byte[] firstHash(byte[] password, byte[] salt, int keyBytes) {
    var digest = new Blake2bDigest(HASH_BYTES * 8);
    update(digest, number(lanes, keyBytes, kibibytes, passes, VERSION, variant.number));
    update(digest, number(password.length));
    update(digest, password);
    update(digest, number(salt.length));
    update(digest, salt);
    update(digest, number(0, 0)); // neither secret nor associated data
    var hash = new byte[HASH_BYTES];
    digest.doFinal(hash, 0);
    return hash;
  }

  int variantNumber() {
    return variant.number;
  }

  /** H', a hash of any length. */
  private static byte[] longHash(int length, byte[]... parts) {
    var out = new byte[length];
    var digest = new Blake2bDigest(Math.min(length, HASH_BYTES) * 8);
    update(digest, number(length));
    for (byte[] part : parts) {
      update(digest, part);
    }
    if (length <= HASH_BYTES) {
      digest.doFinal(out, 0);
      return out;
    }
    var hash = new byte[HASH_BYTES];
    digest.doFinal(hash, 0);
    int at = 0;
    while (length - at > HASH_BYTES) {
      System.arraycopy(hash, 0, out, at, HASH_BYTES / 2);
      at += HASH_BYTES / 2;
      int left = Math.min(length - at, HASH_BYTES);
      var further = new Blake2bDigest(left * 8);
      update(further, hash);
      further.doFinal(hash, 0);
    }
    System.arraycopy(hash, 0, out, at, length - at);
    return out;
  }

  private static void update(Blake2bDigest digest, byte[] bytes) {
    digest.update(bytes, 0, bytes.length);
  }

  private static byte[] number(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }
}
