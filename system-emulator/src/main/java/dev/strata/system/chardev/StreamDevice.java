// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.chardev;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A serial line's end at a pair of streams: standard input and output, or a file. */
public final class StreamDevice implements CharacterDevice {
  private final @Nullable InputStream input;
  private final OutputStream output;
  private final Semaphore room = new Semaphore(0);
  private boolean broken; // guarded by this
  private volatile boolean closed;

  /**
   * An end that reads on a thread of its own.
   *
   * @param input null if nothing ever comes; not closed
   * @param output closed with this
   */
  public StreamDevice(@Nullable InputStream input, OutputStream output) {
    this.input = input;
    this.output = output;
  }

  @Override
  public void connect(Receiver receiver) {
    InputStream source = input;
    if (source != null) {
      Thread.ofPlatform().daemon().name("serial input").start(() -> pump(source, receiver));
    }
  }

  private void pump(InputStream source, Receiver receiver) {
    var bytes = new byte[256];
    try {
      for (int length = source.read(bytes); length > 0; length = source.read(bytes)) {
        int done = 0;
        while (done < length) {
          if (closed) {
            return;
          }
          int taken = receiver.receive(bytes, done, length - done);
          done += taken;
          if (taken == 0) {
            room.acquire();
            room.drainPermits();
          }
        }
      }
    } catch (IOException | InterruptedException _) {
      // The other end is gone: to a guest, the line is silent from now on.
      return;
    }
  }

  @Override
  public void ready() {
    // One permit says it all; a guest may cause this any number of times.
    if (room.availablePermits() == 0) {
      room.release();
    }
  }

  @Override
  public synchronized void write(byte value) {
    if (broken) {
      return;
    }
    try {
      output.write(value);
      output.flush();
    } catch (IOException e) {
      broken = true; // as if the cable were pulled
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    room.release();
    try {
      output.close();
    } catch (IOException _) {
      broken = true;
    }
  }
}
