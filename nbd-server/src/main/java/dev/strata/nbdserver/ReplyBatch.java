// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.IoVector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Replies that wait to be sent together, in one buffer outside the heap. For one thread; the socket
 * behind it may have several.
 */
final class ReplyBatch implements AutoCloseable {
  private final ReplySocket socket;
  private final Arena arena;
  private final MemorySegment memory;
  private final ByteBuffer bytes;

  /** An empty batch of {@link ServerLimits#REPLIES} bytes. */
  @SuppressWarnings("MustBeClosedChecker") // closed with the batch
  ReplyBatch(ReplySocket socket) {
    this.socket = socket;
    this.arena = Arena.ofShared(); // drivers may fill it by threads of their own
    try {
      this.memory = arena.allocate(ServerLimits.REPLIES, 4096);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw e;
    }
    this.bytes = memory.asByteBuffer();
  }

  /** Where replies are appended. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** Where it is sent. */
  ReplySocket socket() {
    return socket;
  }

  /** The next {@code length} bytes, for data to be read into; {@link #append} takes them. */
  IoVector next(int length) {
    return IoVector.of(memory.asSlice(bytes.position(), length));
  }

  /** Takes what was put into {@link #next}. */
  void append(int length) {
    bytes.position(bytes.position() + length);
  }

  /** Sends what is there if {@code length} more bytes would not fit. */
  void makeRoom(int length) throws IOException {
    if (bytes.remaining() < length) {
      send();
    }
  }

  /** Whether nothing waits. */
  boolean isEmpty() {
    return bytes.position() == 0;
  }

  /**
   * Gives the memory back at once. Clients that come and go in numbers would leave behind more than
   * the collector, which sees only a small object, has reason to look for.
   */
  @Override
  public void close() {
    arena.close();
  }

  /** Sends all; returns when the system has taken it. */
  void send() throws IOException {
    if (bytes.position() > 0) {
      try {
        socket.send(bytes.flip());
      } finally {
        bytes.clear();
      }
    }
  }
}
