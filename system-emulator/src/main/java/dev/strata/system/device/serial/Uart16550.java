// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.serial;

import dev.strata.block.BlockException;
import dev.strata.system.chardev.Line;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * A 16550A. Bytes are sent at once, whatever the baud rate; bytes that arrive wait outside until
 * the guest has room. Thread-safe.
 *
 * @see "National Semiconductor PC16550D data sheet, TL/C/8652"
 */
public final class Uart16550 implements Device, MmioHandler {
  private static final int FIFO = 16;

  private static final int DATA_READY = 1; // LSR
  private static final int OVERRUN = 2;
  private static final int BREAK = 0x10;
  private static final int TRANSMITTER_EMPTY = 0x60;

  private static final int LOOPBACK = 0x10; // MCR

  private final Line line;
  private final IrqLine interrupt;
  private final byte[] received = new byte[FIFO];
  private int first;
  private int count;
  private int enabled; // IER
  private boolean fifo;
  private int trigger = 1; // bytes
  private int lineControl;
  private int modemControl;
  private int modemChanges; // the lower half of MSR
  private int lineErrors; // bits of LSR that a read clears
  private int scratch;
  private int divisor = 12;
  private boolean transmitterInterrupt;
  private boolean timeout; // fewer bytes than the trigger have waited long enough

  /**
   * A UART.
   *
   * @param line what it is connected to; its {@link Line#connect} is given this UART
   */
  public Uart16550(Line line, IrqLine interrupt) {
    this.line = line;
    this.interrupt = interrupt;
    line.connect(this::receive);
  }

  @Override
  public synchronized void reset() {
    first = 0;
    count = 0;
    enabled = 0;
    fifo = false;
    trigger = 1;
    lineControl = 0;
    modemControl = 8;
    modemChanges = 0;
    lineErrors = 0;
    divisor = 12;
    transmitterInterrupt = false;
    timeout = false;
    update();
  }

  /** There may be room for what has been held back. */
  @Override
  public void resumed() {
    line.ready();
  }

  /**
   * Takes bytes from outside.
   *
   * @return how many of them there was room for
   */
  private synchronized int receive(byte[] bytes, int from, int length) {
    if ((modemControl & LOOPBACK) != 0) {
      return 0;
    }
    int taken = Math.min(length, (fifo ? FIFO : 1) - count);
    for (int at = 0; at < taken; at++) {
      received[(first + count++) % FIFO] = bytes[from + at];
    }
    timeout |= taken > 0;
    update();
    return Math.max(taken, 0);
  }

  private void loop(int value) {
    int room = fifo ? FIFO : 1;
    if (count == room) {
      lineErrors |= OVERRUN;
      if (fifo) {
        return;
      }
      count = 0;
    }
    received[(first + count++) % FIFO] = (byte) value;
    timeout = true;
  }

  private int modemStatus() {
    if ((modemControl & LOOPBACK) != 0) {
      // RTS, DTR, OUT1, OUT2 come back as CTS, DSR, RI, DCD.
      return modemChanges
          | (modemControl & 2) << 3
          | (modemControl & 1) << 5
          | (modemControl & 12) << 4;
    }
    return modemChanges | 0xb0; // somebody is there, who always listens
  }

  private int lineStatus() {
    return (count > 0 ? DATA_READY : 0) | lineErrors | TRANSMITTER_EMPTY;
  }

  /** The most urgent interrupt's number as in IIR, or 1 for none. */
  private int cause() {
    if ((enabled & 4) != 0 && lineErrors != 0) {
      return 6;
    }
    if ((enabled & 1) != 0 && count > 0) {
      if (count >= trigger) {
        return 4;
      }
      if (timeout) {
        return fifo ? 12 : 4;
      }
    }
    if ((enabled & 2) != 0 && transmitterInterrupt) {
      return 2;
    }
    return (enabled & 8) != 0 && (modemChanges & 15) != 0 ? 0 : 1;
  }

  private void update() {
    // OUT2 connects the UART to the interrupt controller on a PC only by convention of its drivers;
    // the board's own does not ask for it.
    interrupt.set(cause() != 1);
  }

  @Override
  public long read(long offset, int bytes) {
    int value;
    boolean room;
    synchronized (this) {
      int before = count;
      value = readRegister((int) offset & 7);
      room = count < before;
      update();
    }
    if (room) {
      line.ready();
    }
    return value;
  }

  private int readRegister(int register) {
    boolean divisorAccess = (lineControl & 0x80) != 0;
    return switch (register) {
      case 0 -> divisorAccess ? divisor & 0xff : take();
      case 1 -> divisorAccess ? divisor >> 8 : enabled;
      case 2 -> {
        int cause = cause();
        if (cause == 2) {
          transmitterInterrupt = false;
        }
        yield cause | (fifo ? 0xc0 : 0);
      }
      case 3 -> lineControl;
      case 4 -> modemControl;
      case 5 -> {
        int status = lineStatus();
        lineErrors = 0;
        yield status;
      }
      case 6 -> {
        int status = modemStatus();
        modemChanges = 0;
        yield status;
      }
      default -> scratch;
    };
  }

  private int take() {
    if (count == 0) {
      return 0;
    }
    int value = received[first] & 0xff;
    first = (first + 1) % FIFO;
    count--;
    return value;
  }

  @Override
  public void write(long offset, int bytes, long value) {
    boolean sends;
    boolean ready;
    synchronized (this) {
      int register = (int) offset & 7;
      int data = (int) value & 0xff;
      sends = register == 0 && (lineControl & 0x80) == 0 && (modemControl & LOOPBACK) == 0;
      ready = register == 2 || register == 4;
      writeRegister(register, data);
      update();
    }
    // Without the lock: whoever reads the other end may be slow.
    if (sends) {
      line.write((byte) value);
    } else if (ready) {
      line.ready();
    }
  }

  private void writeRegister(int register, int data) {
    boolean divisorAccess = (lineControl & 0x80) != 0;
    switch (register) {
      case 0 -> {
        if (divisorAccess) {
          divisor = (divisor & 0xff00) | data;
        } else {
          if ((modemControl & LOOPBACK) != 0) {
            loop(data);
          }
          transmitterInterrupt = true;
        }
      }
      case 1 -> {
        if (divisorAccess) {
          divisor = (divisor & 0xff) | data << 8;
        } else {
          if ((data & ~enabled & 2) != 0) {
            transmitterInterrupt = true; // it is empty, and nobody has been told
          }
          enabled = data & 15;
        }
      }
      case 2 -> fifoControl(data);
      case 3 -> lineControl = data;
      case 4 -> modemControl(data & 0x1f);
      case 5, 6 -> {} // for the factory's tests
      default -> scratch = data;
    }
  }

  private void fifoControl(int data) {
    boolean on = (data & 1) != 0;
    if (on != fifo || (data & 2) != 0) {
      first = 0;
      count = 0;
      timeout = false;
    }
    fifo = on;
    trigger =
        on
            ? switch (data >> 6) {
              case 0 -> 1;
              case 1 -> 4;
              case 2 -> 8;
              default -> 14;
            }
            : 1;
  }

  private void modemControl(int data) {
    int before = modemStatus() & 0xf0;
    modemControl = data;
    int changed = (before ^ (modemStatus() & 0xf0)) >> 4;
    // RI counts when it ends.
    if ((changed & 4) != 0 && (before & 0x40) == 0) {
      changed &= ~4;
    }
    modemChanges |= changed;
  }

  /** The other side broke the line. */
  public synchronized void breakCondition() {
    lineErrors |= BREAK;
    update();
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    state.bytes("received", received);
    first = state.within("first received", first, 0, FIFO - 1);
    count = state.within("received bytes", count, 0, FIFO);
    enabled = state.u8("IER", enabled) & 15;
    fifo = state.flag("FIFO", fifo);
    trigger = state.within("trigger", trigger, 1, FIFO);
    lineControl = state.u8("LCR", lineControl);
    modemControl = state.u8("MCR", modemControl);
    modemChanges = state.u8("MSR", modemChanges);
    lineErrors = state.u8("LSR", lineErrors);
    scratch = state.u8("SCR", scratch);
    divisor = state.u16("divisor", divisor);
    transmitterInterrupt = state.flag("transmitter interrupt", transmitterInterrupt);
    timeout = state.flag("timeout", timeout);
  }
}
