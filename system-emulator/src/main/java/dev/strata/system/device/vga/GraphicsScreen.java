// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * A screen of dots. Each character clock brings four bytes, one of each plane, which are eight dots
 * of sixteen colours, or four of 256 that are twice as wide.
 *
 * @see "FreeVGA, VGA Sequencer Operation; Graphics Registers, Mode Register"
 */
final class GraphicsScreen implements Picture {
  private static final int DOTS = 8; // of a character clock

  private final VideoMemory memory;
  private final Scan scan;
  private final CrtController crt;
  private final GraphicsController graphics;
  private final int[] palette;
  private final int[] dots = new int[DOTS];

  GraphicsScreen(VideoMemory memory, Scan scan, GraphicsController graphics) {
    this.memory = memory;
    this.scan = scan;
    this.crt = scan.crt;
    this.graphics = graphics;
    this.palette = scan.palette();
  }

  @Override
  public int width() {
    return scan.width(DOTS);
  }

  @Override
  public int height() {
    return crt.lines();
  }

  @Override
  public void line(int y, int[] into) {
    int rowScan = scan.rowScan(y);
    int counter = scan.counter(y);
    boolean many = scan.attributes.has256Colours();
    int panning = scan.panning(y, DOTS);
    int at = -(many ? panning & ~1 : panning);
    int width = crt.columns() * DOTS;
    for (int column = 0; column <= crt.columns(); column++) {
      int address = counter + column / crt.charactersPerAddress();
      load(memory.planes(crt.planeOffset(address, rowScan)));
      for (int dot = 0; dot < DOTS; dot++, at++) {
        if (at >= 0 && at < width) {
          int colour =
              many ? scan.colours[dots[dot & ~1] << 4 | dots[dot | 1]] : palette[dots[dot]];
          scan.put(into, at, colour);
        }
      }
    }
  }

  /** What four bytes are as eight values of four bits. */
  private void load(int planes) {
    if (graphics.shifts256()) {
      for (int dot = 0; dot < DOTS; dot++) {
        dots[dot] = planes >> (8 * (dot / 2) + ((dot & 1) == 0 ? 4 : 0)) & 15;
      }
    } else if (graphics.interleaves()) {
      for (int dot = 0; dot < DOTS; dot++) {
        // The first four dots are in planes 0 and 2, the others in 1 and 3: pairs of bits.
        int low = planes >> (dot < 4 ? 0 : 8);
        int shift = 6 - 2 * (dot & 3);
        dots[dot] = (low >> shift & 3) | (low >> 16 >> shift & 3) << 2;
      }
    } else {
      for (int dot = 0; dot < DOTS; dot++) {
        int bits = planes >> (7 - dot);
        dots[dot] = (bits & 1) | (bits >> 7 & 2) | (bits >> 14 & 4) | (bits >> 21 & 8);
      }
    }
  }
}
