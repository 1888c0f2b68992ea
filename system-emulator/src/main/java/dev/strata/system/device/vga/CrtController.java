// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * When and from where the picture's lines come.
 *
 * @see "FreeVGA, CRT Controller Registers"
 */
final class CrtController extends IndexedRegisters {
  private static final int OVERFLOW = 7;
  private static final int PRESET_ROW_SCAN = 8;
  private static final int MAXIMUM_SCAN_LINE = 9;
  private static final int CURSOR_START = 0x0a;
  private static final int CURSOR_END = 0x0b;
  private static final int START = 0x0c;
  private static final int CURSOR = 0x0e;
  private static final int RETRACE_START = 0x10;
  private static final int RETRACE_END = 0x11;
  private static final int DISPLAY_END = 0x12;
  private static final int OFFSET = 0x13;
  private static final int UNDERLINE = 0x14;
  private static final int MODE = 0x17;
  private static final int LINE_COMPARE = 0x18;

  private static final int PROTECTED = 0x80; // registers 0 to 7 cannot be written
  private static final int LINE_COMPARE_8 = 0x10; // but for this bit of register 7

  CrtController() {
    super(
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0x3f, 0x7f, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xef, 0xff);
  }

  CrtController(CrtController original) {
    super(original);
  }

  @Override
  void put(int register, int value) {
    if (register > OVERFLOW || !has(RETRACE_END, PROTECTED)) {
      super.put(register, value);
    } else if (register == OVERFLOW) {
      super.put(OVERFLOW, (get(OVERFLOW) & ~LINE_COMPARE_8) | (value & LINE_COMPARE_8));
    }
  }

  private int bit(int register, int bit, int position) {
    return (get(register) >> bit & 1) << position;
  }

  /** Characters in a line with all that is not shown, 5 to 260. */
  int horizontalTotal() {
    return get(0) + 5;
  }

  /** Characters in a line that are shown, 1 to 256. */
  int columns() {
    return get(1) + 1;
  }

  /** Lines with all that are not shown, 2 to 1025. */
  int verticalTotal() {
    return (get(6) | bit(OVERFLOW, 0, 8) | bit(OVERFLOW, 5, 9)) + 2;
  }

  /** Lines that are shown, 1 to 1024. */
  int lines() {
    return (get(DISPLAY_END) | bit(OVERFLOW, 1, 8) | bit(OVERFLOW, 6, 9)) + 1;
  }

  int retraceStart() {
    return get(RETRACE_START) | bit(OVERFLOW, 2, 8) | bit(OVERFLOW, 7, 9);
  }

  /** Lines of the vertical retrace, 1 to 16. */
  int retraceLines() {
    int lines = get(RETRACE_END) - retraceStart() & 15;
    return lines == 0 ? 16 : lines;
  }

  /** The last line before memory is shown from its start on. */
  int lineCompare() {
    return get(LINE_COMPARE) | bit(OVERFLOW, 4, 8) | bit(MAXIMUM_SCAN_LINE, 6, 9);
  }

  /** Lines of a row, 1 to 32, before they are doubled. */
  int rowHeight() {
    return (get(MAXIMUM_SCAN_LINE) & 0x1f) + 1;
  }

  boolean doublesLines() {
    return has(MAXIMUM_SCAN_LINE, 0x80);
  }

  /** The first row's line that is shown first. */
  int presetRowScan() {
    return get(PRESET_ROW_SCAN) & 0x1f;
  }

  /** What is first shown, in characters from the start of memory. */
  int start() {
    return get(START) << 8 | get(START + 1);
  }

  /** How many characters further it begins. */
  int bytePanning() {
    return get(PRESET_ROW_SCAN) >> 5;
  }

  /** Characters of memory from row to row, 0 to 510. */
  int pitch() {
    return get(OFFSET) * 2;
  }

  boolean cursorOff() {
    return has(CURSOR_START, 0x20);
  }

  int cursorFirstLine() {
    return get(CURSOR_START) & 0x1f;
  }

  int cursorLastLine() {
    return get(CURSOR_END) & 0x1f;
  }

  /** Where the cursor is, in characters from the start of memory. */
  int cursor() {
    return get(CURSOR) << 8 | get(CURSOR + 1);
  }

  /** The line of a row that underlines characters. */
  int underline() {
    return get(UNDERLINE) & 0x1f;
  }

  /** Whether there is a picture at all. */
  boolean runs() {
    return has(MODE, 0x80);
  }

  /** How many characters are shown of one address. */
  int charactersPerAddress() {
    return has(UNDERLINE, 0x20) ? 4 : has(MODE, 8) ? 2 : 1;
  }

  /**
   * The offset in the planes.
   *
   * @param counter in characters from the start of memory, of which 16 bits count
   * @param rowScan the line of the row, from 0
   */
  int planeOffset(int counter, int rowScan) {
    int offset;
    if (has(UNDERLINE, 0x40)) { // double words
      offset = counter << 2 | (counter >> 12 & 3);
    } else if (has(MODE, 0x40)) { // bytes
      offset = counter;
    } else {
      offset = counter << 1 | (counter >> (has(MODE, 0x20) ? 15 : 13) & 1);
    }
    if (!has(MODE, 1)) { // as the CGA: odd lines are elsewhere
      offset = (offset & ~0x2000) | (rowScan & 1) << 13;
    }
    if (!has(MODE, 2)) { // as the Hercules card
      offset = (offset & ~0x4000) | (rowScan >> 1 & 1) << 14;
    }
    return offset & 0xffff;
  }
}
