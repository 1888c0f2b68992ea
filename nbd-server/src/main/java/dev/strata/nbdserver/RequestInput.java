// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.IoVector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * What a client has sent and what is not yet used of it: one buffer outside the heap, filled by as
 * large reads as the socket has bytes for. For one thread.
 */
final class RequestInput implements AutoCloseable {
  private final ReadableByteChannel channel;
  private final Arena arena;
  private final MemorySegment memory;
  private final ByteBuffer bytes; // its position is the end of what is there
  private int start; // of what is not yet used

  @SuppressWarnings("MustBeClosedChecker") // closed with the input
  RequestInput(ReadableByteChannel channel) {
    this.channel = channel;
    this.arena = Arena.ofShared(); // drivers may read it by threads of their own
    try {
      this.memory = arena.allocate(ServerLimits.INPUT, 4096);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw e;
    }
    this.bytes = memory.asByteBuffer();
  }

  /** Gives the memory back, for the reason that {@link ReplyBatch#close} has. */
  @Override
  public void close() {
    arena.close();
  }

  /** How many bytes are there. */
  int available() {
    return bytes.position() - start;
  }

  /** Where the next byte is in {@link #bytes}. */
  int start() {
    return start;
  }

  /** The buffer, to be read by index. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** The next {@code length} bytes, which are there, until {@link #use}. */
  IoVector next(int length) {
    return IoVector.of(memory.asSlice(start, length));
  }

  /** Passes over {@code length} bytes, which are there. */
  void use(int length) {
    start += length;
    if (start == bytes.position()) {
      start = 0;
      bytes.clear();
    }
  }

  /**
   * Waits until {@code length} bytes are there.
   *
   * @param length at most {@link ServerLimits#PIECE}
   * @return false if the client has sent its last byte before
   */
  boolean fill(int length) throws IOException {
    if (start + length > bytes.capacity()) {
      int available = available();
      MemorySegment.copy(memory, start, memory, 0, available);
      start = 0;
      bytes.position(available);
    }
    while (available() < length) {
      if (channel.read(bytes) < 0) {
        return false;
      }
    }
    return true;
  }
}
