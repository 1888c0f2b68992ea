// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.Arrays;

/**
 * The Bochs VBE extensions: pictures of more dots and colours, straight from the memory. The
 * registers' lock guards it.
 *
 * @see "Bochs VBE display API; QEMU docs/specs/standard-vga"
 */
final class BochsDisplay {
  /** How many registers there are. */
  static final int REGISTERS = 11;

  private static final int IDENTITY = 0;
  private static final int WIDTH = 1;
  private static final int HEIGHT = 2;
  private static final int DEPTH = 3;
  private static final int ENABLE = 4;
  private static final int BANK = 5;
  private static final int VIRTUAL_WIDTH = 6;
  private static final int VIRTUAL_HEIGHT = 7;
  private static final int X_OFFSET = 8;
  private static final int Y_OFFSET = 9;
  private static final int MEMORY = 10; // in 64 KiB

  private static final int ENABLED = 1;
  private static final int TELLS_MAXIMA = 2;
  private static final int WIDE_COLOURS = 0x20;
  private static final int KEEPS_MEMORY = 0x80;

  private static final int OLDEST = 0xb0c0;
  private static final int NEWEST = 0xb0c5;
  private static final int MOST_WIDTH = 16000;
  private static final int MOST_HEIGHT = 12000;
  private static final int MOST_DEPTH = 32;

  private final VideoMemory memory;
  private final int[] values = new int[REGISTERS];
  private int index;
  private boolean bigEndian;

  BochsDisplay(VideoMemory memory) {
    this.memory = memory;
  }

  void reset() {
    Arrays.fill(values, 0);
    values[IDENTITY] = NEWEST;
    index = 0;
    bigEndian = false;
  }

  /** Whether it shows its picture instead of the VGA's. */
  boolean enabled() {
    return (values[ENABLE] & ENABLED) != 0;
  }

  /** Whether the guest's window shows the memory as it is, not its planes. */
  boolean isLinear() {
    return enabled() && values[DEPTH] >= 8;
  }

  /** Whether the colour table's values have eight bits. */
  boolean wideColours() {
    return enabled() && (values[ENABLE] & WIDE_COLOURS) != 0;
  }

  /** Which 64 KiB the window shows, 0 to 255. */
  int bank() {
    return values[BANK];
  }

  boolean isBigEndian() {
    return bigEndian;
  }

  void bigEndian(boolean value) {
    bigEndian = value;
  }

  int read(int register) {
    boolean maxima = (values[ENABLE] & TELLS_MAXIMA) != 0;
    return switch (register) {
      case WIDTH -> maxima ? MOST_WIDTH : values[WIDTH];
      case HEIGHT -> maxima ? MOST_HEIGHT : values[HEIGHT];
      case DEPTH -> maxima ? MOST_DEPTH : values[DEPTH];
      case VIRTUAL_HEIGHT -> virtualHeight();
      case MEMORY -> VideoMemory.SIZE >> 16;
      case IDENTITY, ENABLE, BANK, VIRTUAL_WIDTH, X_OFFSET, Y_OFFSET -> values[register];
      default -> 0;
    };
  }

  void write(int register, int value) {
    switch (register) {
      case IDENTITY -> {
        if (value >= OLDEST && value <= NEWEST) {
          values[IDENTITY] = value;
        }
      }
      case WIDTH, HEIGHT, DEPTH, VIRTUAL_WIDTH, X_OFFSET, Y_OFFSET -> values[register] = value;
      case BANK -> values[BANK] = value & 0xff;
      case ENABLE -> enable(value);
      default -> {} // read-only, or not there
    }
  }

  private void enable(int value) {
    boolean before = enabled();
    values[ENABLE] = value & (ENABLED | TELLS_MAXIMA | WIDE_COLOURS | 0x40 | KEEPS_MEMORY);
    if (enabled() == before) {
      return;
    }
    values[BANK] = 0;
    if (enabled()) {
      values[VIRTUAL_WIDTH] = values[WIDTH];
      values[X_OFFSET] = 0;
      values[Y_OFFSET] = 0;
      if ((value & KEEPS_MEMORY) == 0 && isShowable()) {
        memory.clear((long) lineBytes() * values[HEIGHT]);
      }
    }
  }

  /** Bits of a dot in memory: 4, 8, 15, 16, 24 or 32; else there is no picture. */
  private int bits() {
    return values[DEPTH] == 15 ? 16 : values[DEPTH];
  }

  private int virtualWidth() {
    return Math.max(values[VIRTUAL_WIDTH], values[WIDTH]);
  }

  /** Bytes from line to line. */
  private int lineBytes() {
    return virtualWidth() * bits() / 8;
  }

  private int virtualHeight() {
    int bytes = lineBytes();
    return bytes == 0 ? 0 : Math.min(VideoMemory.SIZE / bytes, 0xffff);
  }

  private boolean isShowable() {
    int bits = bits();
    boolean known = bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    int width = values[WIDTH];
    int height = values[HEIGHT];
    return known
        && width > 0
        && width <= MOST_WIDTH
        && height > 0
        && height <= MOST_HEIGHT
        && (long) lineBytes() * height <= VideoMemory.SIZE;
  }

  /**
   * The picture of the registers as they are now.
   *
   * @param colours of 256
   * @param palette of sixteen
   */
  Picture picture(int[] colours, int[] palette) {
    if (!isShowable()) {
      return new BlankScreen(640, 480);
    }
    return new LinearScreen(
        memory,
        values[WIDTH],
        values[HEIGHT],
        values[DEPTH],
        lineBytes(),
        values[X_OFFSET],
        values[Y_OFFSET],
        values[DEPTH] == 4 ? palette : colours,
        bigEndian);
  }

  /** Ports 1CEh to 1D1h: the index, and twice the data, once at an odd address. */
  MmioHandler ports(Object lock) {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (lock) {
          return offset == 0 ? index : BochsDisplay.this.read(index);
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (lock) {
          if (offset == 0) {
            index = (int) value & 0xffff;
          } else if (offset < 3) {
            BochsDisplay.this.write(index, (int) value & 0xffff);
          }
        }
      }
    };
  }

  void state(StateFields state) throws BlockException {
    state.within("registers", values, 0, 0xffff);
    index = state.u16("index", index);
    bigEndian = state.flag("big-endian", bigEndian);
    if (state.isLoading()) {
      values[BANK] &= 0xff;
      values[IDENTITY] = Math.clamp(values[IDENTITY], OLDEST, NEWEST);
    }
  }
}
