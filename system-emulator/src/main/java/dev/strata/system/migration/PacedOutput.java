// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** Counts what is written, and writes no faster than is wanted. One thread. */
final class PacedOutput extends OutputStream {
  private static final int PART = 64 << 10;
  private static final long LONGEST_NAP = 100_000_000; // a changed limit counts soon

  private final OutputStream to;
  private final Counters counters;
  private final LongSupplier bytesPerSecond;
  private volatile boolean hurried;
  private volatile boolean given; // up
  private double free; // bytes that may be written at once
  private long last = System.nanoTime();

  /**
   * Writes there.
   *
   * @param bytesPerSecond asked again and again; 0 for no limit
   */
  PacedOutput(OutputStream to, Counters counters, LongSupplier bytesPerSecond) {
    this.to = to;
    this.counters = counters;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** From now on as fast as it goes: the machine stands still. */
  void hurry() {
    hurried = true;
  }

  /** Has the writer fail. Any thread. */
  void giveUp() {
    given = true;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    for (int at = from; at < from + length; ) {
      int part = Math.min(PART, from + length - at);
      awaitTurn(part);
      to.write(bytes, at, part);
      counters.sentBytes(part);
      at += part;
    }
  }

  private void awaitTurn(int part) throws IOException {
    while (true) {
      if (given) {
        throw new InterruptedIOException("given up");
      }
      long limit = bytesPerSecond.getAsLong();
      if (hurried || limit <= 0) {
        return;
      }
      long now = System.nanoTime();
      free = Math.min(free + (now - last) * 1e-9 * limit, Math.max(PART, limit / 10.0));
      last = now;
      if (free >= 0) { // what is written at once may be more than there is: it is paid for after
        free -= part;
        return;
      }
      LockSupport.parkNanos((long) Math.min(LONGEST_NAP, -free / limit * 1e9));
    }
  }

  @Override
  public void flush() throws IOException {
    to.flush();
  }
}
