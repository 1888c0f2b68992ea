// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.chardev;

import dev.strata.block.BlockException;
import dev.strata.monitor.chardev.CharacterDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A line that leads to a character device: to its clients, one after the other. */
public final class DeviceLine implements Line {
  private final Semaphore room = new Semaphore(0);
  private final CountDownLatch served = new CountDownLatch(1); // the first client
  private final CountDownLatch connected = new CountDownLatch(1);
  private volatile @Nullable Receiver receiver; // there when connected
  private @Nullable OutputStream output; // null while nobody is there; guarded by this

  private DeviceLine() {}

  /**
   * A line to a device, which belongs to whoever opened it. What is written from now on reaches who
   * is there already.
   */
  public static DeviceLine to(CharacterDevice device) throws BlockException {
    var line = new DeviceLine();
    boolean somebody = device.hasClient();
    device.attach(line::serve);
    if (somebody) {
      try {
        line.served.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return line;
  }

  @Override
  public void connect(Receiver taker) {
    receiver = taker;
    connected.countDown();
  }

  private void serve(InputStream in, OutputStream out) {
    synchronized (this) {
      output = out;
    }
    served.countDown();
    try {
      connected.await();
      Receiver taker = receiver;
      if (taker != null) {
        taker.opened();
        try {
          pump(in, taker);
        } finally {
          taker.closed();
        }
      }
    } catch (IOException _) {
      // The client is gone: to a guest, the line is silent until the next one.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pump(InputStream in, Receiver taker) throws IOException, InterruptedException {
    var bytes = new byte[256];
    for (int length = in.read(bytes); length > 0; length = in.read(bytes)) {
      int done = 0;
      while (done < length) {
        int taken = taker.receive(bytes, done, length - done);
        done += taken;
        if (taken == 0) {
          room.acquire();
          room.drainPermits();
        }
      }
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
    OutputStream out = output;
    if (out == null) {
      return;
    }
    try {
      out.write(value);
      out.flush();
    } catch (IOException e) {
      output = null; // as if the cable were pulled
    }
  }

  @Override
  public synchronized void write(byte[] bytes, int from, int length) {
    OutputStream out = output;
    if (out == null) {
      return;
    }
    try {
      out.write(bytes, from, length);
      out.flush();
    } catch (IOException e) {
      output = null;
    }
  }
}
