// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * How a picture of the CRT controller's is scanned: a copy of the registers at one moment, so that
 * it stays the same while its lines are made.
 */
final class Scan {
  final CrtController crt;
  final Sequencer sequencer;
  final AttributeController attributes;
  final int[] colours;

  /** The registers as they are now; called with their lock. */
  Scan(VgaRegisters registers, int[] colours) {
    crt = new CrtController(registers.crt);
    sequencer = new Sequencer(registers.sequencer);
    attributes = new AttributeController(registers.attributes);
    this.colours = colours;
  }

  /** The sixteen colours of the palette. */
  int[] palette() {
    var palette = new int[16];
    for (int colour = 0; colour < 16; colour++) {
      palette[colour] = colours[attributes.colour(colour & attributes.planes())];
    }
    return palette;
  }

  /** The picture's width in dots. */
  int width(int dotsPerCharacter) {
    int width = crt.columns() * dotsPerCharacter;
    return sequencer.halvesDotClock() ? 2 * width : width;
  }

  /** Stores a dot of a line, two if the dots' clock is halved. */
  void put(int[] into, int dot, int colour) {
    if (sequencer.halvesDotClock()) {
      into[2 * dot] = colour;
      into[2 * dot + 1] = colour;
    } else {
      into[dot] = colour;
    }
  }

  private int top(int y) {
    return y > crt.lineCompare() ? crt.lineCompare() + 1 : 0;
  }

  /** Lines from the top of the picture, or of the lower part of a split screen. */
  private int rowLine(int y) {
    int from = y - top(y);
    int line = crt.doublesLines() ? from / 2 : from;
    return top(y) > 0 ? line : line + crt.presetRowScan();
  }

  /** The line of its row that a line of the picture is. */
  int rowScan(int y) {
    return rowLine(y) % crt.rowHeight();
  }

  /** The first character of a line, from the start of memory. */
  int counter(int y) {
    int start = top(y) > 0 ? 0 : crt.start() + crt.bytePanning();
    return start + rowLine(y) / crt.rowHeight() * crt.pitch();
  }

  /** By how many dots a line is moved to the left. */
  int panning(int y, int dotsPerCharacter) {
    return top(y) > 0 && attributes.pansOnlyUpperPart() ? 0 : attributes.panning(dotsPerCharacter);
  }
}
