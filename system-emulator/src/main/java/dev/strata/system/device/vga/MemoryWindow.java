// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * The addresses from A0000h to BFFFFh: how the guest reaches the planes through the graphics
 * controller, byte by byte, or a bank of 64 KiB of the memory as it is.
 *
 * @see "FreeVGA, Accessing the VGA Display Memory"
 */
final class MemoryWindow implements MmioHandler {
  /** The first address. */
  static final long BASE = 0xa0000;

  /** In bytes. */
  static final int SIZE = 0x20000;

  private static final int NOT_THERE = -1;
  private static final int BANK = 0x10000;

  // Where the window is and how long, for each of the four maps.
  private static final int[] START = {0, 0, 0x10000, 0x18000};
  private static final int[] LENGTH = {0x20000, 0x10000, 0x8000, 0x8000};

  private final VideoMemory memory;
  private final VgaRegisters registers;
  private final Sequencer sequencer;
  private final GraphicsController graphics;
  private final BochsDisplay display;
  private int latches; // guarded by the registers

  MemoryWindow(VideoMemory memory, VgaRegisters registers, BochsDisplay display) {
    this.memory = memory;
    this.registers = registers;
    this.sequencer = registers.sequencer;
    this.graphics = registers.graphics;
    this.display = display;
  }

  /** Each of four bits as a byte of ones or zeroes. */
  private static int bytes(int bits) {
    return ((bits & 1) | (bits & 2) << 7 | (bits & 4) << 14 | (bits & 8) << 21) * 0xff;
  }

  /** Where in the window's memory an address is, or {@link #NOT_THERE}. */
  private int inside(int offset) {
    int map = graphics.memoryMap();
    int address = offset - START[map];
    boolean there = registers.memoryEnabled() && address >= 0 && address < LENGTH[map];
    return there ? address : NOT_THERE;
  }

  /** The offset in the planes, when addresses do not select planes or after they did. */
  private int planeOffset(int address) {
    int bank = display.enabled() ? display.bank() * BANK : 0;
    return (bank + (address & 0xffff)) & (VideoMemory.PLANE_SIZE - 1);
  }

  private int chainedOffset(int address) {
    // The lowest bit is that of the 64 KiB, when there are two of them.
    return planeOffset((address & 0xfffe) | address >> 16);
  }

  private int chainedFourOffset(int address) {
    // The two lowest bits are those of 16 KiB: where double words are scanned, they come last.
    return planeOffset((address & 0xfffc) | (address >> 14 & 3));
  }

  private int linear(int address) {
    return (display.bank() * BANK + (address & 0xffff)) & (VideoMemory.SIZE - 1);
  }

  @Override
  public long read(long offset, int bytes) {
    synchronized (registers) {
      int address = inside((int) offset);
      if (address == NOT_THERE) {
        return 0xff;
      }
      if (display.isLinear()) {
        return memory.get8(linear(address));
      }
      int plane;
      int at;
      if (sequencer.chainsFour()) {
        plane = address & 3;
        at = chainedFourOffset(address);
      } else if (graphics.readsOddEven()) {
        plane = (graphics.readMap() & 2) | (address & 1);
        at = graphics.chainsOddEven() ? chainedOffset(address) : planeOffset(address);
      } else {
        plane = graphics.readMap();
        at = planeOffset(address);
      }
      latches = memory.planes(at);
      if (!graphics.readsCompare()) {
        return latches >> (8 * plane) & 0xff;
      }
      int differing =
          (latches ^ bytes(graphics.colourCompare())) & bytes(graphics.colourDoNotCare());
      return ~(differing | differing >> 8 | differing >> 16 | differing >> 24) & 0xff;
    }
  }

  @Override
  public void write(long offset, int bytes, long value) {
    int data = (int) value & 0xff;
    synchronized (registers) {
      int address = inside((int) offset);
      if (address == NOT_THERE) {
        return;
      }
      if (display.isLinear()) {
        memory.put8(linear(address), data);
        return;
      }
      int planes = sequencer.mapMask();
      int at;
      if (sequencer.chainsFour()) {
        planes &= 1 << (address & 3);
        at = chainedFourOffset(address);
      } else if (sequencer.oddEven()) {
        planes &= (address & 1) == 0 ? 5 : 10;
        at = graphics.chainsOddEven() ? chainedOffset(address) : planeOffset(address);
      } else {
        at = planeOffset(address);
      }
      int mask = bytes(planes);
      memory.planes(at, (memory.planes(at) & ~mask) | (combined(data) & mask));
    }
  }

  /** What of a byte and the latches is written to the planes. */
  private int combined(int data) {
    int rotated = ((data | data << 8) >> graphics.rotation()) & 0xff;
    int wanted;
    int bits = graphics.bitMask();
    switch (graphics.writeMode()) {
      case 0 -> {
        int set = bytes(graphics.enableSetReset());
        wanted = (rotated * 0x01010101 & ~set) | (bytes(graphics.setReset()) & set);
      }
      case 1 -> {
        return latches;
      }
      case 2 -> wanted = bytes(data & 15);
      default -> {
        wanted = bytes(graphics.setReset());
        bits &= rotated;
      }
    }
    int result =
        switch (graphics.function()) {
          case 1 -> wanted & latches;
          case 2 -> wanted | latches;
          case 3 -> wanted ^ latches;
          default -> wanted;
        };
    int mask = bits * 0x01010101;
    return (result & mask) | (latches & ~mask);
  }

  void state(StateFields state) throws BlockException {
    latches = state.i32("latches", latches);
  }
}
