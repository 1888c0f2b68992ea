// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client's socket as its threads write to it: each batch whole. A client that does not read stops
 * its own threads only.
 */
final class ReplySocket {
  private final WritableByteChannel channel;
  private final ReentrantLock turn = new ReentrantLock();

  ReplySocket(WritableByteChannel channel) {
    this.channel = channel;
  }

  /** Sends all bytes; if that fails, the connection is broken for every thread. */
  void send(ByteBuffer bytes) throws IOException {
    turn.lock();
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } finally {
      turn.unlock();
    }
  }

  /** Lets nobody else send until {@link #release}, for an answer of many batches. */
  void hold() {
    turn.lock();
  }

  void release() {
    turn.unlock();
  }
}
