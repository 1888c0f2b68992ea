// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A channel's bus master: which of the guest's pages a transfer is about. The channel calls it with
 * its own lock held; it calls the channel with none.
 *
 * @see "Programming Interface for Bus Master IDE Controller, revision 1.0"
 */
final class BusMaster implements MmioHandler {
  private static final int START = 1; // command
  private static final int TO_MEMORY = 8;
  private static final int ACTIVE = 1; // status
  private static final int FAILED = 2;
  private static final int INTERRUPT = 4;

  // A table is at most 64 KiB, eight bytes an entry.
  private static final int MOST_ENTRIES = 8192;

  private final DeviceMemory memory;
  private Runnable starts = () -> {};
  private int command;
  private int status;
  private long table;
  private List<long[]> written = List.of(); // address and length of what the transfer fills

  BusMaster(DeviceMemory memory) {
    this.memory = memory;
  }

  void connect(Runnable whenStarted) {
    starts = whenStarted;
  }

  synchronized void reset() {
    command = 0;
    status = 0;
    table = 0;
  }

  synchronized boolean isStarted() {
    return (command & START) != 0;
  }

  /** The channel gave up what it was doing. */
  synchronized void idle() {
    status &= ~ACTIVE;
  }

  /**
   * The transfer is over. Comes before the channel's interrupt: whoever handles that looks here
   * first, and takes it for another device's if this says nothing.
   */
  synchronized void ended(boolean failed) {
    if ((command & START) != 0 || failed) {
      status = (status & ~ACTIVE) | INTERRUPT | (failed ? FAILED : 0);
    }
  }

  /**
   * The pages of a transfer, as the table names them.
   *
   * @return null if the table or the pages are no memory, or too few
   */
  synchronized @Nullable IoVector pages(long length, boolean toMemory) {
    IoVector all = IoVector.empty();
    var places = new ArrayList<long[]>();
    for (int entry = 0; entry < MOST_ENTRIES && all.length() < length; entry++) {
      if (memory.at(table + 8L * entry, 8, false) == null) {
        return null;
      }
      long address = memory.read(table + 8L * entry, 4) & ~1L;
      long second = memory.read(table + 8L * entry + 4, 4);
      long bytes = (second & 0xfffe) == 0 ? 0x10000 : second & 0xfffe;
      bytes = Math.min(bytes, length - all.length());
      IoVector part = memory.at(address, bytes, toMemory);
      if (part == null) {
        return null;
      }
      all = all.followedBy(part);
      places.add(new long[] {address, bytes});
      if ((second & 0x80000000L) != 0) {
        break;
      }
    }
    written = places;
    return all.length() == length ? all : null;
  }

  /** The pages of the transfer have been filled. */
  void written() {
    List<long[]> places;
    synchronized (this) {
      places = written;
    }
    for (long[] place : places) {
      memory.written(place[0], place[1]);
    }
  }

  @Override
  public synchronized long read(long offset, int bytes) {
    return switch ((int) offset) {
      case 0 -> command;
      case 2 -> status;
      case 4, 5, 6, 7 -> table >>> (8 * (offset - 4));
      default -> 0xff;
    };
  }

  @Override
  public void write(long offset, int bytes, long value) {
    boolean started = false;
    synchronized (this) {
      switch ((int) offset) {
        case 0 -> {
          started = (value & ~command & START) != 0;
          command = (int) value & (START | TO_MEMORY);
          if (started) {
            status |= ACTIVE;
          } else if ((command & START) == 0) {
            status &= ~ACTIVE;
          }
        }
        case 2 ->
            status = (int) ((status & ~(value & (FAILED | INTERRUPT)) & ~0x60) | (value & 0x60));
        case 4, 5, 6, 7 -> {
          int shift = 8 * ((int) offset - 4);
          long mask = ((1L << (8 * bytes)) - 1) << shift;
          table = ((table & ~mask) | ((value << shift) & mask)) & 0xfffffffcL;
        }
        default -> {} // reserved
      }
    }
    if (started) {
      starts.run();
    }
  }

  synchronized void state(StateFields state) throws BlockException {
    command = state.u8("command", command) & (START | TO_MEMORY);
    status = state.u8("status", status);
    table = state.within("table", table, 0, 0xfffffffcL);
  }
}
