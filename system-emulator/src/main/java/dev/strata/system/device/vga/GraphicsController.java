// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * How the guest's reads and writes meet the planes.
 *
 * @see "FreeVGA, Graphics Registers"
 */
final class GraphicsController extends IndexedRegisters {
  private static final int MODE = 5;
  private static final int MISCELLANEOUS = 6;

  GraphicsController() {
    super(0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff);
  }

  GraphicsController(GraphicsController original) {
    super(original);
  }

  /** The planes' values that take the place of what is written. */
  int setReset() {
    return get(0);
  }

  int enableSetReset() {
    return get(1);
  }

  int colourCompare() {
    return get(2);
  }

  /** By how many bits to the right what is written is turned. */
  int rotation() {
    return get(3) & 7;
  }

  /** What is done with data and latches: 0 nothing, 1 and, 2 or, 3 exclusive or. */
  int function() {
    return get(3) >> 3;
  }

  int readMap() {
    return get(4);
  }

  int writeMode() {
    return get(MODE) & 3;
  }

  /** Whether reads compare colours. */
  boolean readsCompare() {
    return has(MODE, 8);
  }

  /** Whether the lowest bit of an address selects the plane that is read. */
  boolean readsOddEven() {
    return has(MODE, 0x10);
  }

  /** Whether dots are pairs of bits, as the CGA's are. */
  boolean interleaves() {
    return has(MODE, 0x20);
  }

  /** Whether four planes' bytes follow each other in the dots. */
  boolean shifts256() {
    return has(MODE, 0x40);
  }

  boolean isGraphics() {
    return has(MISCELLANEOUS, 1);
  }

  /** Whether the lowest bit of an address is no part of the offset in a plane. */
  boolean chainsOddEven() {
    return has(MISCELLANEOUS, 2);
  }

  /** Where the window is: 0 to 3. */
  int memoryMap() {
    return get(MISCELLANEOUS) >> 2;
  }

  int colourDoNotCare() {
    return get(7);
  }

  int bitMask() {
    return get(8);
  }
}
