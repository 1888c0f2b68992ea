// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.strata.system.chardev.Line;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** A line's outer end that keeps what it is sent, and sends what a test says. */
final class Tape implements Line {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private @Nullable Receiver receiver;
  int readyCalls;

  @Override
  public void connect(Receiver taker) {
    receiver = taker;
  }

  @Override
  public synchronized void ready() {
    readyCalls++;
  }

  @Override
  public synchronized void write(byte value) {
    written.write(value);
  }

  /** What has been written. */
  synchronized String text() {
    return written.toString(ISO_8859_1);
  }

  /** Offers bytes: how many were taken. */
  int offer(String text) {
    Receiver taker = receiver;
    byte[] bytes = text.getBytes(ISO_8859_1);
    return taker == null ? 0 : taker.receive(bytes, 0, bytes.length);
  }
}
