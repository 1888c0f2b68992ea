// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.graph.BlockBackend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * Copies what comes from a channel, whose end nobody knows before, into an image. One buffer holds
 * what is read until it is written.
 */
public final class ChannelCopy {
  private static final int PIECE = 2 << 20;
  private static final int SECTOR = 512;

  private final ReadableByteChannel source;
  private final BlockBackend target;
  private final boolean grows;
  private final PieceWriter writer;

  /**
   * A copy that has not begun.
   *
   * @param grows whether the target gets longer as more comes; else what does not fit is an error
   */
  public ChannelCopy(
      ReadableByteChannel source, BlockBackend target, boolean grows, CopySettings settings) {
    this.source = source;
    this.target = target;
    this.grows = grows;
    this.writer = new PieceWriter(target, settings);
  }

  /** Copies everything; the last sector is filled up with zeroes, the target is not flushed. */
  public void run() throws BlockException {
    try (BufferPool.Buffer buffer = target.node().graph().buffers().acquire(PIECE)) {
      long offset = 0;
      for (long number = 0; ; number++) {
        int count = fill(buffer.segment().asByteBuffer());
        int length = (count + SECTOR - 1) & -SECTOR;
        if (length == 0) {
          return;
        }
        MemorySegment bytes = buffer.segment().asSlice(0, length);
        bytes.asSlice(count).fill((byte) 0);
        makeRoom(Math.addExact(offset, length));
        boolean zero = IoVector.isZero(bytes, 0, length);
        writer.write(new Piece(number, offset, length, zero, false), buffer);
        offset += length;
      }
    }
  }

  private int fill(ByteBuffer into) throws BlockException {
    try {
      while (into.hasRemaining()) {
        if (source.read(into) < 0) {
          break;
        }
      }
      return into.position();
    } catch (IOException e) {
      throw BlockException.of(Errno.inMessage(e.getMessage()))
          .causedBy(e)
          .during("error while reading standard input");
    }
  }

  private void makeRoom(long length) throws BlockException {
    if (grows) {
      target.truncate(length, true, Preallocation.OFF, 0);
    } else if (length > target.length()) {
      throw new BlockException(Errno.ENOSPC, "output file is smaller than input file");
    }
  }
}
