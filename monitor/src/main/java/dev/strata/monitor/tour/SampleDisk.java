// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.tour;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;

/**
 * A raw disk that a PC boots: it shows a picture and a text that lie on it, says the text on the
 * first serial line too, and switches the machine off. All but its first 126 sectors is a hole.
 */
final class SampleDisk {
  /** Size in bytes. */
  static final long LENGTH = 16 << 20;

  private static final int SECTOR = 512;
  private static final int WIDTH = 320;
  private static final int HEIGHT = 200;

  // The picture's colours are these numbers of the palette of 256.
  private static final int FIRST_COLOUR = 0x20;
  private static final int COLOURS = 64;

  private static final int TEXT_SECTOR = 1;
  private static final int PALETTE_SECTOR = 2;
  private static final int PICTURE_SECTOR = 3;

  private static final String TEXT =
      """

        This was read from sector 1 of a disk
        that Strata made, converted, served
        and booted.
      """
          .replace("\n", "\r\n");

  // Real-mode code for address 7C00h.
  private static final String CODE =
      // cli; xor ax, ax; mov ds, ax; mov ss, ax; mov sp, 7C00h; sti; cld
      "fa 31c0 8ed8 8ed0 bc007c fb fc"
          // mov ax, 13h; int 10h: 320 x 200 in 256 colours
          + "b81300 cd10"
          // mov si, first; mov ah, 42h; int 13h; jc fail: text and palette, to 7E00h
          + "be707c b442 cd13 7253"
          // mov si, second; mov ah, 42h; int 13h; jc fail: the picture, to 10000h
          + "be807c b442 cd13 724a"
          // mov dx, 3C8h; mov al, FIRST_COLOUR; out dx, al; inc dx
          + "bac803 b020 ee 42"
          // mov si, 8000h; mov cx, 3 * COLOURS; rep outsb
          + "be0080 b9c000 f36e"
          // mov ax, A000h; mov es, ax; mov ax, 1000h; mov ds, ax
          + "b800a0 8ec0 b80010 8ed8"
          // xor si, si; xor di, di; mov cx, WIDTH * HEIGHT / 2; rep movsw
          + "31f6 31ff b9007d f3a5"
          // xor ax, ax; mov ds, ax; mov si, 7E00h
          + "31c0 8ed8 be007e"
          // next: lodsb; test al, al; jz off
          + "ac 84c0 7411"
          // push ax; mov bx, 15; mov ah, 0Eh; int 10h: on the screen
          + "50 bb0f00 b40e cd10"
          // pop ax; mov ah, 1; xor dx, dx; int 14h: on the serial line; jmp next
          + "58 b401 31d2 cd14 ebea"
          // off: mov ax, 5307h; mov bx, 1; mov cx, 3; int 15h: power off, by APM
          + "b80753 bb0100 b90300 cd15"
          // fail: hlt; jmp fail
          + "f4 ebfd"
          // first: a packet of INT 13h's extensions: 2 sectors to 0000:7E00h
          + "1000 0200 007e0000"
          + "0100000000000000"
          // second: 125 sectors to 1000:0000h
          + "1000 7d00 00000010"
          + "0300000000000000";

  private SampleDisk() {}

  /** Makes one; the file must not be there. */
  static void create(Path path) throws IOException {
    var sectors =
        ByteBuffer.allocate(PICTURE_SECTOR * SECTOR + WIDTH * HEIGHT)
            .order(ByteOrder.LITTLE_ENDIAN);
    sectors.put(0, HexFormat.of().parseHex(CODE.replace(" ", "")));
    sectors.putShort(SECTOR - 2, (short) 0xaa55);
    sectors.put(TEXT_SECTOR * SECTOR, TEXT.getBytes(US_ASCII));
    sectors.put(PALETTE_SECTOR * SECTOR, palette());
    sectors.put(PICTURE_SECTOR * SECTOR, picture());
    try (var file =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (sectors.hasRemaining()) {
        file.write(sectors);
      }
      file.write(ByteBuffer.allocate(1), LENGTH - 1);
    }
  }

  /** Red, green and blue of 0 to 63 each: a rock's layers, eight shades each. */
  private static byte[] palette() {
    int[][] layers = {
      {34, 30, 20}, {52, 36, 18}, {44, 22, 12}, {58, 46, 28},
      {38, 26, 20}, {50, 28, 14}, {28, 20, 18}, {60, 40, 20},
    };
    var bytes = new byte[3 * COLOURS];
    for (int colour = 0; colour < COLOURS; colour++) {
      for (int part = 0; part < 3; part++) {
        bytes[3 * colour + part] = (byte) (layers[colour / 8][part] * (9 + colour % 8) / 16);
      }
    }
    return bytes;
  }

  /** Layers of rock below a black sky. */
  private static byte[] picture() {
    var dots = new byte[WIDTH * HEIGHT];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        // How deep in the rock, in sixteenths of a dot; a fault goes through it.
        int shift = 3 * x > 2 * WIDTH + y / 2 ? 12 : 0;
        int depth = 16 * (y - 62 - shift) - wave(x, 5, 90) - wave(x + 40, 11, 50);
        if (depth >= 0) {
          int layer = depth / 300;
          int grain = (depth * 7 + wave(3 * x + y, 6, 40)) / 75 & 7;
          dots[y * WIDTH + x] = (byte) (FIRST_COLOUR + layer % 8 * 8 + grain);
        }
      }
    }
    return dots;
  }

  /** A wave made of parabolas, which are the same everywhere. */
  private static int wave(int x, int slowness, int height) {
    int phase = x * 64 / slowness & 1023;
    int half = phase & 511;
    int value = half * (511 - half) / 64 * height / 1024;
    return phase < 512 ? value : -value;
  }
}
