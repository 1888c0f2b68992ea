// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import java.util.HexFormat;

/**
 * The registers of a VGA's standard modes.
 *
 * @see "FreeVGA; VGADOC, VGAREGS"
 */
enum VgaMode {
  /** 80 by 25 characters. */
  TEXT(
      0x67,
      "03 00 03 00 02",
      "5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff",
      "00 00 00 00 00 10 0e 00 ff",
      "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 0c 00 0f 08 00"),

  /** 320 by 200 dots of four colours. */
  CGA(
      0x63,
      "03 09 03 00 02",
      "2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff",
      "00 00 00 00 00 30 0f 00 ff",
      "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 01 00 03 00 00"),

  /** 640 by 480 dots of sixteen colours. */
  PLANAR(
      0xe3,
      "03 01 0f 00 06",
      "5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff",
      "00 00 00 00 00 00 05 0f ff",
      "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 01 00 0f 00 00"),

  /** 320 by 200 dots of 256 colours. */
  MANY_COLOURS(
      0x63,
      "03 01 0f 00 0e",
      "5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff",
      "00 00 00 00 00 40 05 0f ff",
      "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 41 00 0f 00 00");

  private final int miscellaneous;
  private final byte[] sequencer;
  private final byte[] crt;
  private final byte[] graphics;
  private final byte[] attributes;

  VgaMode(int miscellaneous, String sequencer, String crt, String graphics, String attributes) {
    HexFormat hex = HexFormat.ofDelimiter(" ");
    this.miscellaneous = miscellaneous;
    this.sequencer = hex.parseHex(sequencer);
    this.crt = hex.parseHex(crt);
    this.graphics = hex.parseHex(graphics);
    this.attributes = hex.parseHex(attributes);
  }

  /** Sets the registers; colour n of the table becomes red n, green n + 1 and blue n + 2. */
  void set(Board board) {
    board.out(0x3c2, 1, miscellaneous);
    write(board, 0x3c4, sequencer);
    board.out(0x3d4, 2, 0x0011); // so that the others can be written
    write(board, 0x3d4, crt);
    write(board, 0x3ce, graphics);
    board.in(0x3da, 1);
    for (int index = 0; index < attributes.length; index++) {
      board.out(0x3c0, 1, index);
      board.out(0x3c0, 1, attributes[index] & 0xff);
    }
    board.out(0x3c0, 1, 0x20);
    board.out(0x3c8, 1, 0);
    for (int colour = 0; colour < 256; colour++) {
      for (int part = 0; part < 3; part++) {
        board.out(0x3c9, 1, colour + part & 0x3f);
      }
    }
  }

  private static void write(Board board, int port, byte[] values) {
    for (int index = 0; index < values.length; index++) {
      board.out(port, 2, index | (values[index] & 0xff) << 8);
    }
  }
}
