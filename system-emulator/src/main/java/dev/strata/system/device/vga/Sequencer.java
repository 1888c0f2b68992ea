// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * What clocks the picture, and which planes the guest writes to.
 *
 * @see "FreeVGA, Sequencer Registers"
 */
final class Sequencer extends IndexedRegisters {
  private static final int CLOCKING = 1;
  private static final int MAP_MASK = 2;
  private static final int CHARACTER_MAP = 3;
  private static final int MEMORY_MODE = 4;

  Sequencer() {
    super(0x03, 0x3d, 0x0f, 0x3f, 0x0e);
  }

  Sequencer(Sequencer original) {
    super(original);
  }

  /** Dots in a line of a character: 8 or 9. */
  int dotsPerCharacter() {
    return has(CLOCKING, 1) ? 8 : 9;
  }

  /** Whether each dot is shown twice. */
  boolean halvesDotClock() {
    return has(CLOCKING, 8);
  }

  boolean screenOff() {
    return has(CLOCKING, 0x20);
  }

  /** The planes that are written to, one bit each. */
  int mapMask() {
    return get(MAP_MASK);
  }

  /** Whether the two lowest bits of an address select a plane. */
  boolean chainsFour() {
    return has(MEMORY_MODE, 8);
  }

  /** Whether the lowest bit of an address selects the planes that are written to. */
  boolean oddEven() {
    return !has(MEMORY_MODE, 4);
  }

  /** Where in plane 2 the font is of characters whose attribute has bit 3, or does not. */
  int font(boolean intense) {
    int select = get(CHARACTER_MAP);
    int map = intense ? (select >> 2 & 3) | (select >> 3 & 4) : (select & 3) | (select >> 2 & 4);
    return (map & 3) * 0x4000 + (map >> 2) * 0x2000;
  }
}
