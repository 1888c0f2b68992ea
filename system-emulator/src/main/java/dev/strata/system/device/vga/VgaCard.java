// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;
import dev.strata.system.state.StateFields;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The standard VGA as a card: its memory is the first base address register's, registers are the
 * third's, firmware for it is the ROM. What a VGA has at fixed places, the board maps. Thread-safe.
 *
 * @see "QEMU docs/specs/standard-vga; PCI Local Bus Specification 2.1, 3.10 item 2, VGA"
 */
public final class VgaCard extends PciFunction {
  /** The first address of {@link #window}. */
  public static final long WINDOW = MemoryWindow.BASE;

  /** The first port of the extensions; there are four. */
  public static final int DISPLAY_PORT = 0x1ce;

  private static final int REGISTER_SIZE = 0x1000;
  private static final int VGA_PORTS = 0x400; // in the registers
  private static final int DISPLAY = 0x500;
  private static final int EXTENSION = 0x600;
  private static final int LITTLE_ENDIAN = 0x1e1e1e1e;
  private static final int BIG_ENDIAN = 0xbebebebe;

  private final VgaRegisters registers;
  private final VideoMemory memory;
  private final BochsDisplay display;
  private final MemoryWindow planes;
  private final MemoryRegion window;

  /**
   * A card.
   *
   * @param bios what the ROM holds, at most 64 KiB
   * @param arena that its memory lives as long as
   */
  public VgaCard(byte[] bios, Arena arena, VirtualClock clock) {
    super(0x1234, 0x1111, 2, 0x030000);
    registers = new VgaRegisters(clock);
    memory = new VideoMemory(arena);
    display = new BochsDisplay(memory);
    planes = new MemoryWindow(memory, registers, display);
    window = MemoryRegion.mmio("vga", MemoryWindow.SIZE, new RegisterWidth(planes, 1, 1));
    memoryBar(0, memory.region());
    memoryBar(2, REGISTER_SIZE, 2, new Registers());
    int romSize = Math.max(0x800, Integer.highestOneBit(bios.length * 2 - 1));
    MemoryRegion rom = MemoryRegion.rom("vga rom", romSize, arena);
    MemorySegment.copy(MemorySegment.ofArray(bios), 0, rom.memory(), 0, bios.length);
    expansionRom(rom);
  }

  @Override
  public void reset() {
    super.reset();
    synchronized (registers) {
      registers.reset();
      display.reset();
    }
  }

  /** The memory that pictures are made of. */
  public MemorySegment memory() {
    return memory.region().memory();
  }

  /** What is at {@link #WINDOW}. */
  public MemoryRegion window() {
    return window;
  }

  /**
   * The ports of any VGA, a byte each.
   *
   * @param first the port that the offset 0 stands for, from 3B0h to 3DFh
   */
  public MmioHandler ports(int first) {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (registers) {
          return registers.read(first + (int) offset);
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (registers) {
          registers.write(first + (int) offset, (int) value & 0xff);
        }
      }
    };
  }

  /** The ports at {@link #DISPLAY_PORT}. */
  public MmioHandler displayPorts() {
    return display.ports(registers);
  }

  /** What is shown now; its lines are made of what memory holds when they are asked for. */
  public Picture picture() {
    synchronized (registers) {
      if (display.enabled()) {
        int[] colours = registers.colours.colours(display.wideColours());
        return display.picture(colours, new Scan(registers, colours).palette());
      }
      return registers.picture(memory, false);
    }
  }

  /** The registers in memory: those of the ports, and of the extensions one behind the other. */
  private final class Registers implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      int at = (int) offset;
      synchronized (registers) {
        if (at >= VGA_PORTS && at < VGA_PORTS + 0x20) {
          int low = registers.read(0x3c0 + at - VGA_PORTS);
          return bytes == 1 ? low : low | registers.read(0x3c0 + at + 1 - VGA_PORTS) << 8;
        }
        if (at >= DISPLAY && at < DISPLAY + 2 * BochsDisplay.REGISTERS) {
          return display.read((at - DISPLAY) / 2) >> (8 * (at & 1));
        }
        long extension =
            switch (at & ~3) {
              case EXTENSION -> 8;
              case EXTENSION + 4 -> display.isBigEndian() ? BIG_ENDIAN : LITTLE_ENDIAN;
              default -> 0;
            };
        return extension >> (8 * (at & 3));
      }
    }

    @Override
    public void write(long offset, int bytes, long value) {
      int at = (int) offset;
      synchronized (registers) {
        if (at >= VGA_PORTS && at < VGA_PORTS + 0x20) {
          for (int part = 0; part < bytes; part++) {
            int data = (int) (value >> (8 * part)) & 0xff;
            registers.write(0x3c0 + at + part - VGA_PORTS, data);
          }
        } else if (bytes == 2 && at >= DISPLAY && at < DISPLAY + 2 * BochsDisplay.REGISTERS) {
          display.write((at - DISPLAY) / 2, (int) value & 0xffff);
        } else if (at == EXTENSION + 4) {
          display.bigEndian(((int) value & 0xff) == (BIG_ENDIAN & 0xff));
        }
      }
    }
  }

  @Override
  public void state(StateFields state) throws BlockException {
    super.state(state);
    synchronized (registers) {
      registers.state(state);
      display.state(state);
      planes.state(state);
    }
  }
}
