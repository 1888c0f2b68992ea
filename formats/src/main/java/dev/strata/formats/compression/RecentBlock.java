// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;

/**
 * Reads parts of compressed blocks; the block that small reads were about last is kept, since the
 * next one is probably about it, too. Thread-safe.
 */
public final class RecentBlock {
  /** Decompresses blocks. */
  @FunctionalInterface
  public interface Decoder {
    /** Fills {@code out} with the content of a block. */
    void decode(int block, MemorySegment out) throws BlockException;
  }

  private final BufferPool buffers;
  private final Decoder decoder;
  private byte[] content = new byte[0]; // guarded by this, as what follows
  private int kept = -1;

  /** A reader without a block. */
  public RecentBlock(BufferPool buffers, Decoder decoder) {
    this.buffers = buffers;
    this.decoder = decoder;
  }

  /**
   * Reads bytes of one block.
   *
   * @param blockSize of that block, in bytes; the caller has bounded it
   * @param from within the block
   */
  public void read(int block, int blockSize, int from, IoVector into) throws BlockException {
    if (into.length() <= blockSize / 2) {
      readKept(block, blockSize, from, into);
      return;
    }
    try (BufferPool.Buffer whole = buffers.acquire(blockSize)) {
      decoder.decode(block, whole.segment());
      into.copyFrom(0, whole.segment().asSlice(from, into.length()));
    }
  }

  private synchronized void readKept(int block, int blockSize, int from, IoVector into)
      throws BlockException {
    if (kept != block) {
      kept = -1;
      if (content.length < blockSize) {
        content = new byte[blockSize];
      }
      decoder.decode(block, MemorySegment.ofArray(content).asSlice(0, blockSize));
      kept = block;
    }
    into.copyFrom(0, MemorySegment.ofArray(content).asSlice(from, into.length()));
  }
}
