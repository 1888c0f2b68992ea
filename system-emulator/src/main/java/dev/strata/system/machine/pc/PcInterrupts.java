// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.block.BlockException;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.cpu.InterruptPins;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.device.irq.InterruptControllerPair;
import dev.strata.system.device.irq.IoApic;
import dev.strata.system.device.irq.LocalApic;
import dev.strata.system.device.irq.ProcessorPins;
import dev.strata.system.machine.ChipPins;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;
import dev.strata.system.state.StateFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** A PC's interrupt controllers, wired: each ISA interrupt leads to the 8259s and the I/O APIC. */
final class PcInterrupts implements Device {
  private static final int APIC_PRIORITY = 30; // over RAM and cards
  private static final int BOARD_PRIORITY = 1;
  private static final int LINES = 16;
  private static final int CHIP_LINES = 8;
  private static final int THIRD = 2; // of the I/O APIC

  private final AddressSpace memory;
  private final InterruptControllerPair legacy;
  private final LocalApic local;
  private final IoApic io;
  private final List<ChipPins> watched = new ArrayList<>();
  private final IrqLine[] legacyPins = new IrqLine[LINES];
  private final IrqLine[] ioPins = new IrqLine[LINES];
  private final MemoryRegion localRegisters;
  // What drives each ISA interrupt: the board's device, or the PCI bus.
  private final boolean[] byBoard = new boolean[LINES]; // guarded by this
  private final boolean[] byPci = new boolean[LINES]; // guarded by this
  private boolean byEvent; // guarded by this

  PcInterrupts(
      AddressSpace memory, AddressSpace ports, ProcessorPins processor, VirtualClock clock) {
    this.memory = memory;
    local = new LocalApic(0, processor, this::takeExternal, this::ended, clock);
    legacy = new InterruptControllerPair(local.externalLine());
    io = new IoApic(local);
    connect();
    localRegisters = MemoryRegion.mmio("local apic", 0x1000, new RegisterWidth(local, 4, 4));
    memory.map(LocalApic.DEFAULT_BASE, localRegisters, APIC_PRIORITY);
    memory.map(
        IoApic.BASE,
        MemoryRegion.mmio("io apic", 0x1000, new RegisterWidth(io, 4, 4)),
        APIC_PRIORITY);
    map(ports, 0x20, legacy.firstPorts());
    map(ports, 0xa0, legacy.secondPorts());
    map(ports, 0x4d0, legacy.levelPorts());
  }

  /** The inputs of the chips, each seen by whoever watches the chip. */
  private void connect() {
    for (int chip = 0; chip < 2; chip++) {
      int first = chip * CHIP_LINES;
      var lines = new IrqLine[CHIP_LINES];
      Arrays.setAll(lines, line -> legacy.line(first + line));
      var pins = new ChipPins(true, lines, "/machine/unattached/device[" + (6 + chip) + "]");
      for (int line = 0; line < CHIP_LINES; line++) {
        legacyPins[first + line] = pins.pin(line);
      }
      watched.add(pins);
    }
    // The reference counts the timer's as the first: only the chip behind it makes it the third.
    var lines = new IrqLine[IoApic.LINES];
    Arrays.setAll(lines, line -> io.line(line == 0 ? THIRD : line));
    var pins = new ChipPins(true, lines, "/machine/i440fx/ioapic", "ioapic");
    Arrays.setAll(ioPins, pins::pin);
    watched.add(pins);
  }

  /** The pins that somebody may watch. */
  List<ChipPins> watched() {
    return List.copyOf(watched);
  }

  private int takeExternal() {
    return legacy.acknowledge();
  }

  private void ended(int vector) {
    io.ended(vector);
  }

  private static void map(AddressSpace ports, int port, MmioHandler handler) {
    ports.map(port, MemoryRegion.mmio("8259", 2, new RegisterWidth(handler, 1, 1)), BOARD_PRIORITY);
  }

  /** ISA interrupt {@code number}, 0 to 15, as the board's device drives it. */
  IrqLine line(int number) {
    return level -> drive(byBoard, number, level);
  }

  /** The ISA interrupts as the PCI bus drives them. */
  IrqLine[] pciLines() {
    var lines = new IrqLine[LINES];
    for (int line = 0; line < LINES; line++) {
      int number = line;
      lines[line] = level -> drive(byPci, number, level);
    }
    return lines;
  }

  private synchronized void drive(boolean[] side, int number, boolean level) {
    side[number] = level;
    boolean both = byBoard[number] || byPci[number];
    legacyPins[number].set(both);
    if (number == 0) {
      driveThird();
    } else if (number != THIRD) {
      ioPins[number].set(both);
    }
  }

  /** The timer's line is the I/O APIC's third, where the cascade would have been. */
  private void driveThird() {
    ioPins[0].set(byBoard[0] || byPci[0] || byEvent);
  }

  /** The I/O APIC's third line as the HPET drives it. */
  IrqLine eventLine() {
    return new IrqLine() {
      @Override
      public void set(boolean level) {
        synchronized (PcInterrupts.this) {
          byEvent = level;
          driveThird();
        }
      }

      @Override
      public void pulse() {
        synchronized (PcInterrupts.this) {
          // An edge, whatever else holds the line up.
          ioPins[0].set(false);
          ioPins[0].set(true);
          driveThird();
        }
      }
    };
  }

  /** The wire for non-maskable interrupts. */
  IrqLine nonMaskableLine() {
    return local.nonMaskableLine();
  }

  /** The controllers' registers, in lines for a monitor. */
  String describe() {
    return io.describe() + legacy.describe();
  }

  /** How often each line has risen, in lines for a monitor. */
  String counts() {
    long[] lines = io.rises();
    lines[0] += lines[THIRD];
    lines[THIRD] = 0;
    return counts("ioapic", lines) + counts("isa-i8259", legacy.rises());
  }

  private static String counts(String controller, long[] rises) {
    var text = new StringBuilder("IRQ statistics for " + controller + ":\n");
    for (int line = 0; line < rises.length; line++) {
      if (rises[line] != 0) {
        text.append(line < 10 ? " " : "").append(line).append(": ");
        text.append(rises[line]).append('\n');
      }
    }
    return text.toString();
  }

  @Override
  public void reset() {
    legacy.reset();
    io.reset();
    local.reset();
  }

  private void placeLocalRegisters() {
    memory.unmap(localRegisters);
    memory.map(local.base() & ~0xfffL, localRegisters, APIC_PRIORITY);
  }

  /** The processor takes an interrupt: its vector, or -1. */
  int acknowledge() {
    return local.acknowledge();
  }

  /**
   * What the processor asks.
   *
   * @param systemManagement is told whether it is in system management mode
   */
  InterruptPins pins(Consumer<Boolean> systemManagement) {
    return new InterruptPins() {
      @Override
      public void systemManagement(boolean active) {
        systemManagement.accept(active);
      }

      @Override
      public int acknowledge() {
        return PcInterrupts.this.acknowledge();
      }

      @Override
      public int taskPriority() {
        return local.priorityClass();
      }

      @Override
      public void taskPriority(int priority) {
        local.priorityClass(priority);
      }

      @Override
      public long base() {
        return local.base();
      }

      @Override
      public void base(long value) {
        long old = local.base();
        local.base(value);
        if ((old & ~0xfffL) != (local.base() & ~0xfffL)) {
          placeLocalRegisters();
        }
      }
    };
  }

  @Override
  public void state(StateFields state) throws BlockException {
    synchronized (this) {
      state.flags("by the board", byBoard);
      state.flags("by PCI", byPci);
      byEvent = state.flag("by the HPET", byEvent);
    }
    legacy.state(state);
    io.state(state);
    local.state(state);
    if (state.isLoading()) {
      placeLocalRegisters();
    }
  }
}
