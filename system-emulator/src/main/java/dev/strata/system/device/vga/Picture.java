// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/** A picture that is made line by line, of what a screen shows. */
public interface Picture {
  /** Dots in a line, 1 to 65535. */
  int width();

  /** Lines, 1 to 65535. */
  int height();

  /**
   * Makes a line.
   *
   * @param y 0 to the height less one
   * @param into at least as many elements as a line has dots; each becomes red, green and blue,
   *     from bit 16, 8 and 0 on
   */
  void line(int y, int[] into);
}
