// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.system.chardev.Line;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A port of a {@link ConsoleDevice}: what arrives from outside waits here until the guest has room.
 * Thread-safe.
 */
final class ConsolePort {
  private static final int ROOM = 4096;

  final int number;
  final boolean console;
  final String name;
  private final Line line;
  private final Runnable arrived;
  private final byte[] pending = new byte[ROOM];
  private int count; // guarded by this
  private boolean open; // by the guest; guarded by this

  /**
   * A port.
   *
   * @param name empty for none
   * @param arrived called when something waits for the guest
   */
  ConsolePort(int number, boolean console, String name, Line line, Runnable arrived) {
    this.number = number;
    this.console = console;
    this.name = name;
    this.line = line;
    this.arrived = arrived;
  }

  /** Begins to listen. */
  void connect() {
    line.connect(this::receive);
  }

  private int receive(byte[] bytes, int from, int length) {
    int taken;
    synchronized (this) {
      taken = open ? Math.min(length, ROOM - count) : 0;
      System.arraycopy(bytes, from, pending, count, taken);
      count += taken;
    }
    if (taken > 0) {
      arrived.run();
    }
    return taken;
  }

  /** The guest listens, or does so no longer. */
  void open(boolean now) {
    synchronized (this) {
      open = now;
    }
    if (now) {
      line.ready();
    }
  }

  synchronized void reset() {
    open = false;
    count = 0;
  }

  synchronized boolean isWaiting() {
    return count > 0;
  }

  /** Gives the guest what waits, as far as there is room: how many bytes. */
  int give(IoVector room) {
    int length;
    synchronized (this) {
      length = (int) Math.min(count, room.length());
      room.copyFrom(0, MemorySegment.ofArray(pending).asSlice(0, length));
      System.arraycopy(pending, length, pending, 0, count - length);
      count -= length;
    }
    line.ready();
    return length;
  }

  /** Sends what the guest says. */
  void send(IoVector bytes) {
    var part = new byte[(int) Math.min(bytes.length(), ROOM)];
    for (long done = 0; done < bytes.length(); ) {
      int length = (int) Math.min(bytes.length() - done, part.length);
      bytes.copyTo(done, MemorySegment.ofArray(part).asSlice(0, length));
      line.write(part, 0, length);
      done += length;
    }
  }

  void send(byte value) {
    line.write(value);
  }

  synchronized void state(StateFields state) throws BlockException {
    open = state.flag("open", open);
    byte[] waiting = state.bytes("waiting bytes", Arrays.copyOf(pending, count), ROOM);
    count = waiting.length;
    System.arraycopy(waiting, 0, pending, 0, count);
  }
}
