// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.parallel;

import dev.strata.block.BlockException;
import dev.strata.system.chardev.Line;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * A standard parallel port with a printer at it that is always ready: data, status and control. A
 * byte is taken when STROBE begins, and acknowledged when it ends. Thread-safe.
 *
 * @see "IBM Personal Computer AT Technical Reference, Serial/Parallel Adapter; IEEE 1284-2000, 7.2
 *     Compatibility Mode"
 */
public final class ParallelPort implements Device, MmioHandler {
  /** How many ports it has. */
  public static final int PORTS = 3;

  private static final int NOT_BUSY = 0x80; // status
  private static final int NOT_ACKNOWLEDGED = 0x40;
  private static final int SELECTED = 0x10;
  private static final int NO_ERROR = 8;

  private static final int STROBE = 1; // control
  private static final int NOT_RESET = 4;
  private static final int SELECT = 8;
  private static final int INTERRUPTS = 0x10;
  private static final int INPUT = 0x20;
  private static final int ALWAYS_SET = 0xc0;

  private final Line printer;
  private final IrqLine interrupt;
  private int data;
  private int control;
  private boolean taken; // a byte, which is to be acknowledged once STROBE ends
  private boolean acknowledging; // until the guest has seen it

  /**
   * A port.
   *
   * @param printer takes the bytes; what it has to say is not read
   */
  public ParallelPort(Line printer, IrqLine interrupt) {
    this.printer = printer;
    this.interrupt = interrupt;
  }

  @Override
  public synchronized void reset() {
    data = 0;
    control = NOT_RESET | SELECT;
    taken = false;
    acknowledging = false;
    interrupt.set(false);
  }

  @Override
  public synchronized long read(long offset, int bytes) {
    return switch ((int) offset) {
      case 0 -> (control & INPUT) == 0 ? data : 0xff; // nobody drives the lines
      case 1 -> status();
      default -> control | ALWAYS_SET;
    };
  }

  private int status() {
    int status = SELECTED | NO_ERROR | 7;
    if (acknowledging) {
      // The pulse is as long as it takes to be seen: firmware waits for it.
      acknowledging = false;
      interrupt.set(false);
      return status;
    }
    return status | NOT_ACKNOWLEDGED | (taken ? 0 : NOT_BUSY);
  }

  @Override
  public void write(long offset, int bytes, long value) {
    boolean prints;
    int printed;
    synchronized (this) {
      printed = data;
      switch ((int) offset) {
        case 0 -> {
          data = (int) value & 0xff;
          prints = false;
        }
        case 2 -> prints = control((int) value & ~ALWAYS_SET & 0xff);
        default -> prints = false; // the status is read-only
      }
    }
    // Without the lock: whoever reads the other end may be slow.
    if (prints) {
      printer.write((byte) printed);
    }
  }

  /** Whether the printer takes the byte on its lines. */
  private boolean control(int value) {
    int rising = value & ~control;
    control = value;
    if ((value & NOT_RESET) == 0) {
      taken = false;
      acknowledging = false;
    }
    if ((value & INTERRUPTS) == 0) {
      interrupt.set(false);
    }
    boolean ready = (value & NOT_RESET) != 0 && (value & SELECT) != 0 && (value & INPUT) == 0;
    if ((rising & STROBE) != 0 && ready) {
      taken = true;
      acknowledging = false;
      interrupt.set(false);
      return true;
    }
    if ((value & STROBE) == 0 && taken) {
      taken = false;
      acknowledging = true;
      interrupt.set((value & INTERRUPTS) != 0);
    }
    return false;
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    data = state.u8("data", data);
    control = state.u8("control", control);
    taken = state.flag("taken", taken);
    acknowledging = state.flag("acknowledging", acknowledging);
  }
}
