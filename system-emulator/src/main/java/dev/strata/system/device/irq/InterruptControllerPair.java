// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.Arrays;

/**
 * The two 8259A of a PC: 15 lines, the second chip behind line 2 of the first, with the PIIX's
 * registers for edge or level. Thread-safe.
 *
 * @see "Intel 8259A data sheet, 231468; 82371SB (PIIX3) data sheet, 290550, 2.2.6 ELCR"
 */
public final class InterruptControllerPair implements Device {
  private static final int CASCADE = 2;

  // Timer, keyboard, cascade, clock and coprocessor error are edges on every PC.
  private final InterruptChip first = new InterruptChip(0xf8);
  private final InterruptChip second = new InterruptChip(0xde);
  private final IrqLine output;

  /**
   * Both chips, idle.
   *
   * @param output the INTR wire, set with this controller's lock held
   */
  public InterruptControllerPair(IrqLine output) {
    this.output = output;
  }

  @Override
  public synchronized void reset() {
    first.reset();
    second.reset();
    update();
  }

  /** Line {@code number}, 0 to 15; 2 is the cascade and leads nowhere. */
  public IrqLine line(int number) {
    if (number == CASCADE) {
      return IrqLine.NOWHERE;
    }
    return level -> set(number, level);
  }

  private synchronized void set(int line, boolean level) {
    if (line < 8) {
      first.set(line, level);
    } else {
      second.set(line - 8, level);
    }
    update();
  }

  /** The processor takes the most urgent interrupt: its vector, 0 to 255. */
  public synchronized int acknowledge() {
    int line = first.pending(CASCADE);
    int vector = first.acknowledge(line);
    if (line == CASCADE) {
      vector = second.acknowledge(second.pending(-1));
      // The second chip's output falls while it is acknowledged: what it has further is a new edge.
      first.set(CASCADE, false);
    }
    update();
    return vector;
  }

  private void update() {
    first.set(CASCADE, second.pending(-1) >= 0);
    output.set(first.pending(CASCADE) >= 0);
  }

  /** The first chip's two registers. */
  public MmioHandler firstPorts() {
    return ports(first, CASCADE);
  }

  /** The second chip's two registers. */
  public MmioHandler secondPorts() {
    return ports(second, -1);
  }

  private MmioHandler ports(InterruptChip chip, int cascade) {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (InterruptControllerPair.this) {
          int value = chip.read((int) offset & 1, cascade);
          update();
          return value;
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (InterruptControllerPair.this) {
          chip.write((int) offset & 1, (int) value & 0xff);
          update();
        }
      }
    };
  }

  /** Edge or level of each line: two registers. */
  public MmioHandler levelPorts() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (InterruptControllerPair.this) {
          return (offset & 1) == 0 ? first.levels() : second.levels();
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (InterruptControllerPair.this) {
          ((offset & 1) == 0 ? first : second).levels((int) value & 0xff);
          update();
        }
      }
    };
  }

  /** Both chips' registers, in lines for a monitor. */
  public synchronized String describe() {
    return "pic1: " + second.describe() + "pic0: " + first.describe();
  }

  /** How often each of the 16 lines has risen since the machine began. */
  public synchronized long[] rises() {
    long[] all = Arrays.copyOf(first.rises(), 16);
    System.arraycopy(second.rises(), 0, all, 8, 8);
    return all;
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    first.state(state);
    second.state(state);
  }
}
