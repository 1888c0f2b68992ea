// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import java.util.Arrays;

/** A screen that shows nothing. */
record BlankScreen(int width, int height) implements Picture {
  @Override
  public void line(int y, int[] into) {
    Arrays.fill(into, 0, width, 0);
  }
}
