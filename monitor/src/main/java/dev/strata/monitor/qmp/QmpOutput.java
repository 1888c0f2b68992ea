// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * Sends lines to one client from a thread of its own: who has something to say does not wait for
 * clients that do not read. Of those who let too much pile up the connection is given up.
 */
final class QmpOutput {
  private static final long MOST_WAITING = 64 << 20; // bytes; the longest reply is far below

  private final OutputStream out;
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>(); // guarded by this
  private long waitingBytes; // guarded by this
  private boolean sending; // guarded by this
  private boolean closed; // guarded by this

  QmpOutput(OutputStream out) {
    this.out = out;
    Thread.ofPlatform().daemon().name("qmp-output").start(this::send);
  }

  /** Queues a line. */
  synchronized void line(String text) {
    byte[] bytes = (text + "\r\n").getBytes(StandardCharsets.US_ASCII);
    if (closed || waitingBytes + bytes.length > MOST_WAITING) {
      closed = true;
      waiting.clear();
    } else {
      waiting.add(bytes);
      waitingBytes += bytes.length;
    }
    notifyAll();
  }

  /** Takes no more lines, and waits for those that are queued, for a limited time. */
  synchronized void close(long milliseconds) {
    closed = true;
    notifyAll();
    await(milliseconds);
  }

  /** Waits for the lines that are queued, for a limited time. */
  synchronized void await(long milliseconds) {
    long end = System.nanoTime() + milliseconds * 1_000_000;
    boolean interrupted = false;
    while ((sending || !waiting.isEmpty()) && !interrupted) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return;
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized byte[] next() throws InterruptedException {
    sending = false;
    notifyAll();
    while (waiting.isEmpty()) {
      if (closed) {
        return new byte[0];
      }
      wait();
    }
    byte[] bytes = waiting.remove();
    waitingBytes -= bytes.length;
    sending = true;
    return bytes;
  }

  private synchronized void giveUp() {
    closed = true;
    sending = false;
    waiting.clear();
    notifyAll();
  }

  private void send() {
    try (out) {
      for (byte[] bytes = next(); bytes.length > 0; bytes = next()) {
        out.write(bytes);
        out.flush();
      }
    } catch (IOException e) {
      giveUp(); // the client has gone, and its session ends with its input
    } catch (InterruptedException e) {
      giveUp();
      Thread.currentThread().interrupt();
    }
  }
}
