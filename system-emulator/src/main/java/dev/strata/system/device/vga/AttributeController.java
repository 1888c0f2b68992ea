// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * The palette of sixteen colours, and what is done with dots on their way to the screen.
 *
 * @see "FreeVGA, Attribute Controller Registers"
 */
final class AttributeController extends IndexedRegisters {
  private static final int MODE = 0x10;
  private static final int PLANES = 0x12;
  private static final int PANNING = 0x13;
  private static final int COLOUR_SELECT = 0x14;
  private static final int SCREEN_ON = 0x20; // of the index

  private boolean dataIsNext;

  AttributeController() {
    super(
        0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
        0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f);
  }

  AttributeController(AttributeController original) {
    super(original);
  }

  @Override
  void reset() {
    super.reset();
    dataIsNext = false;
  }

  /** The next byte is an index again. */
  void expectIndex() {
    dataIsNext = false;
  }

  /** A byte for the one port: indexes and data take turns. */
  void write(int value) {
    if (dataIsNext) {
      put(index() & 0x1f, value);
    } else {
      select(value & 0x3f);
    }
    dataIsNext = !dataIsNext;
  }

  int read() {
    return get(index() & 0x1f);
  }

  boolean screenOn() {
    return (index() & SCREEN_ON) != 0;
  }

  /** Whether characters of the monochrome adapter are underlined. */
  boolean isMonochrome() {
    return has(MODE, 2);
  }

  /** Whether the ninth dot of the characters that draw lines is as the eighth. */
  boolean joinsLines() {
    return has(MODE, 4);
  }

  /** Whether an attribute's highest bit has the character blink. */
  boolean blinks() {
    return has(MODE, 8);
  }

  /** Whether the lower part of a split screen is not panned. */
  boolean pansOnlyUpperPart() {
    return has(MODE, 0x20);
  }

  /** Whether two dots make one of 256 colours. */
  boolean has256Colours() {
    return has(MODE, 0x40);
  }

  /** The planes that are shown, one bit each. */
  int planes() {
    return get(PLANES) & 15;
  }

  /** By how many dots the picture is moved to the left, 0 to 8. */
  int panning(int dotsPerCharacter) {
    int panning = get(PANNING);
    return dotsPerCharacter == 9 ? panning > 7 ? 0 : panning + 1 : panning & 7;
  }

  /** Which of 256 colours one of sixteen is. */
  int colour(int colour) {
    int value = get(colour);
    int select = get(COLOUR_SELECT);
    return has(MODE, 0x80)
        ? (value & 15) | (select & 3) << 4 | (select & 12) << 4
        : value | (select & 12) << 4;
  }

  @Override
  void state(StateFields state) throws BlockException {
    super.state(state);
    dataIsNext = state.flag("data is next", dataIsNext);
  }
}
