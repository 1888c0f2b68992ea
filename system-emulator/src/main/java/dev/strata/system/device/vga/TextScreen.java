// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * A screen of characters: plane 0 has their codes, plane 1 their attributes, plane 2 their shapes.
 *
 * @see "FreeVGA, VGA Text Mode Operation"
 */
final class TextScreen implements Picture {
  private static final int SHAPE = 32; // bytes of a character's shape
  // From B0h on as the reference has it, not from C0h: so the shades have no gaps.
  private static final int FIRST_LINE_DRAWING = 0xb0;
  private static final int LAST_LINE_DRAWING = 0xdf;

  private final VideoMemory memory;
  private final Scan scan;
  private final CrtController crt;
  private final int[] palette;
  private final int dots;
  private final boolean showsCursor;
  private final boolean showsBlinking;

  /**
   * A screen.
   *
   * @param frames how many were shown before: what blinks is seen or not
   */
  TextScreen(VideoMemory memory, Scan scan, long frames) {
    this.memory = memory;
    this.scan = scan;
    this.crt = scan.crt;
    this.palette = scan.palette();
    this.dots = scan.sequencer.dotsPerCharacter();
    this.showsCursor = !crt.cursorOff() && (frames & 8) == 0;
    this.showsBlinking = (frames & 16) == 0;
  }

  @Override
  public int width() {
    return scan.width(dots);
  }

  @Override
  public int height() {
    return crt.lines();
  }

  @Override
  public void line(int y, int[] into) {
    int rowScan = scan.rowScan(y);
    int counter = scan.counter(y);
    int at = -scan.panning(y, dots);
    int width = crt.columns() * dots;
    // One more than there are columns: of the last, panning shows a part.
    for (int column = 0; column <= crt.columns(); column++) {
      int address = counter + column / crt.charactersPerAddress();
      int planes = memory.planes(crt.planeOffset(address, 0));
      int character = planes & 0xff;
      int attribute = planes >> 8 & 0xff;
      boolean cursor = showsCursor && isCursor(address, rowScan);
      int shape = cursor ? 0x1ff : shape(character, attribute, rowScan);
      boolean blinks = scan.attributes.blinks();
      int background = palette[attribute >> 4 & (blinks ? 7 : 15)];
      int foreground = palette[attribute & 15];
      if (blinks && attribute > 0x7f && !showsBlinking && !cursor) {
        foreground = background;
      }
      for (int dot = dots - 1; dot >= 0; dot--, at++) {
        if (at >= 0 && at < width) {
          scan.put(into, at, (shape >> dot & 1) != 0 ? foreground : background);
        }
      }
    }
  }

  private boolean isCursor(int address, int rowScan) {
    return (address & 0xffff) == crt.cursor()
        && rowScan >= crt.cursorFirstLine()
        && rowScan <= crt.cursorLastLine();
  }

  /** The dots of a character's line, the leftmost in the highest bit. */
  private int shape(int character, int attribute, int rowScan) {
    if (scan.attributes.isMonochrome() && (attribute & 7) == 1 && rowScan == crt.underline()) {
      return 0x1ff;
    }
    int font = scan.sequencer.font((attribute & 8) != 0);
    int bits = memory.plane(font + character * SHAPE + rowScan, 2);
    if (dots == 8) {
      return bits;
    }
    boolean joins =
        scan.attributes.joinsLines()
            && character >= FIRST_LINE_DRAWING
            && character <= LAST_LINE_DRAWING;
    return bits << 1 | (joins ? bits & 1 : 0);
  }
}
