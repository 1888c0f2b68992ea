// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.strata.system.device.vga.Picture;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a guest has to do for a dot to have a colour. */
final class VgaTest {
  private static final int SLOT = 3;
  private static final long WINDOW = 0xa0000;
  private static final long TEXT = 0xb8000;
  private static final long FRAME_BUFFER = 0xf0000000L;
  private static final long REGISTERS = 0xf1000000L;

  @TempDir Path folder;
  private Board board;

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
    board.configure(SLOT, 0, 0x10, 4, FRAME_BUFFER);
    board.configure(SLOT, 0, 0x18, 4, REGISTERS);
    board.configure(SLOT, 0, 0x04, 2, 3);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  private Picture screen() {
    Picture screen = board.machine.screen();
    assertNotNull(screen);
    return screen;
  }

  private void assertSize(int width, int height) {
    assertEquals(width + "x" + height, screen().width() + "x" + screen().height());
  }

  private int dot(int x, int y) {
    var line = new int[screen().width()];
    screen().line(y, line);
    return line[x];
  }

  /** What the table of {@link VgaMode} has. */
  private static int colour(int number) {
    return level(number) << 16 | level(number + 1) << 8 | level(number + 2);
  }

  private static int level(int value) {
    return (value & 0x3f) << 2 | (value & 1) * 3;
  }

  private void display(int register, int value) {
    board.out(0x1ce, 2, register);
    board.out(0x1cf, 2, value);
  }

  @Test
  void theCardHasMemoryRegistersAndFirmware() {
    assertEquals(0x03000002, board.configuration(SLOT, 0, 8));
    assertEquals((int) FRAME_BUFFER | 8, board.configuration(SLOT, 0, 0x10));
    board.configure(SLOT, 0, 0x10, 4, 0xffffffffL);
    assertEquals(0xff000008, board.configuration(SLOT, 0, 0x10));
    board.configure(SLOT, 0, 0x18, 4, 0xffffffffL);
    assertEquals(0xfffff000, board.configuration(SLOT, 0, 0x18));
    board.configure(SLOT, 0, 0x30, 4, 0xfffff800L);
    assertEquals(0xfffff800, board.configuration(SLOT, 0, 0x30));
    board.configure(SLOT, 0, 0x30, 4, 0xf2000000L);
    assertEquals(0, board.read(0xf2000000L, 4)); // as where no memory is
    board.configure(SLOT, 0, 0x30, 4, 0xf2000001L);
    assertEquals(0x01aa55, board.read(0xf2000000L, 4));
  }

  @Test
  void nothingIsShownBeforeAModeIsSet() {
    assertSize(640, 480);
    assertEquals(0, dot(10, 10));
  }

  @Test
  void charactersHaveShapesAndColours() {
    VgaMode.TEXT.set(board);
    board.out(0x3d4, 2, 0x200a); // no cursor
    // The font: plane 2, addressed as it is.
    board.out(0x3c4, 2, 0x0402);
    board.out(0x3c4, 2, 0x0604);
    board.out(0x3ce, 2, 0x0005);
    board.out(0x3ce, 2, 0x0406);
    board.write(WINDOW + 'A' * 32 + 3, 1, 0x81);
    board.write(WINDOW + 0xc4 * 32 + 3, 1, 0x01);
    VgaMode.TEXT.set(board);
    board.out(0x3d4, 2, 0x200a);
    board.write(TEXT + 2 * (80 + 1), 2, 0x1e41); // row 1, column 1: yellow on blue
    board.write(TEXT + 2 * (80 + 2), 2, 0x1ec4); // joins its neighbour
    assertSize(720, 400);
    assertEquals(colour(14), dot(9, 19));
    assertEquals(colour(1), dot(10, 19));
    assertEquals(colour(14), dot(16, 19));
    assertEquals(colour(1), dot(17, 19), "the ninth dot is background");
    assertEquals(colour(14), dot(26, 19), "but of the characters that draw lines");
    assertEquals(colour(1), dot(9, 20));
    assertEquals(colour(0), dot(27, 19));
  }

  @Test
  void theCursorIsWhereItsRegistersSay() {
    VgaMode.TEXT.set(board);
    board.write(TEXT + 2 * 81, 2, 0x0720);
    board.out(0x3d4, 2, 0x510f); // 51h: row 1, column 1
    assertEquals(colour(7), dot(9, 16 + 13));
    assertEquals(colour(7), dot(17, 16 + 14));
    assertEquals(colour(0), dot(9, 16 + 12));
    assertEquals(colour(0), dot(18, 16 + 13));
    board.out(0x3d4, 2, 0x2d0a);
    assertEquals(colour(0), dot(9, 16 + 13));
  }

  @Test
  void dotsOf256ColoursAreFourTimesAsLargeAsOthers() {
    VgaMode.MANY_COLOURS.set(board);
    board.write(WINDOW + 320 * 7 + 5, 1, 0x2a);
    assertEquals(0x2a, board.read(WINDOW + 320 * 7 + 5, 1));
    assertSize(640, 400);
    assertEquals(colour(0x2a), dot(10, 14));
    assertEquals(colour(0x2a), dot(11, 15));
    assertEquals(colour(0), dot(12, 14));
    assertEquals(colour(0), dot(10, 16));
    board.out(0x3c6, 1, 0x0f); // the mask
    assertEquals(colour(0x0a), dot(10, 14));
  }

  /** Four pages, as games have them, with dots addressed by plane. */
  @Test
  void unchainedDotsOf256ColoursAreInPlanes() {
    VgaMode.MANY_COLOURS.set(board);
    board.out(0x3c4, 2, 0x0604);
    board.out(0x3d4, 2, 0x0014);
    board.out(0x3d4, 2, 0xe317);
    board.out(0x3c4, 2, 0x0202);
    board.write(WINDOW + 0x4000 + 80 * 3 + 2, 1, 0x33); // dot 9 of line 3 of the second page
    assertEquals(colour(0), dot(18, 6));
    board.out(0x3d4, 2, 0x400c);
    assertEquals(colour(0x33), dot(18, 6));
  }

  @Test
  void dotsOfFourColoursAreInterleavedAsOnACga() {
    VgaMode.CGA.set(board);
    board.write(TEXT + 1, 1, 0b00_01_10_11);
    board.write(TEXT + 0x2000 + 80, 1, 0b11_00_00_00); // line 3
    assertSize(640, 400);
    assertEquals(colour(0), dot(8, 0));
    assertEquals(colour(1), dot(10, 0));
    assertEquals(colour(2), dot(12, 0));
    assertEquals(colour(3), dot(14, 1));
    assertEquals(colour(3), dot(1, 6));
    assertEquals(colour(3), dot(1, 7));
    assertEquals(colour(0), dot(1, 4));
  }

  @Test
  void writeModesCombineDataWithLatches() {
    VgaMode.PLANAR.set(board);
    board.write(WINDOW, 1, 0xff); // white
    board.out(0x3ce, 2, 0x0205); // mode 2: a colour
    board.out(0x3ce, 2, 0xf008); // the left four dots
    board.read(WINDOW, 1);
    board.write(WINDOW, 1, 0x04);
    assertEquals(colour(4), dot(3, 0));
    assertEquals(colour(15), dot(4, 0));
    board.out(0x3ce, 2, 0x0105); // mode 1: as the latches
    board.read(WINDOW, 1);
    board.write(WINDOW + 80, 1, 0);
    assertEquals(colour(4), dot(3, 1));
    assertEquals(colour(15), dot(4, 1));
    board.out(0x3ce, 2, 0x0305); // mode 3: dots of the colour of set/reset
    board.out(0x3ce, 2, 0x0900);
    board.out(0x3ce, 2, 0xff08);
    board.read(WINDOW, 1);
    board.write(WINDOW, 1, 0x01);
    assertEquals(colour(15), dot(6, 0));
    assertEquals(colour(9), dot(7, 0));
    board.out(0x3ce, 2, 0x0005); // mode 0, turned, exclusive or
    board.out(0x3ce, 2, 0x1903);
    board.out(0x3ce, 2, 0x0001);
    board.read(WINDOW, 1);
    board.write(WINDOW, 1, 0x80); // becomes 40h
    assertEquals(colour(11), dot(1, 0));
    assertEquals(colour(4), dot(0, 0));
    board.out(0x3ce, 2, 0x0805); // reads find a colour
    board.out(0x3ce, 2, 0x0402);
    board.out(0x3ce, 2, 0x0f07);
    assertEquals(0xb0, board.read(WINDOW, 1));
  }

  @Test
  void aSplitScreenShowsTheMemorysBeginningBelow() {
    VgaMode.PLANAR.set(board);
    board.write(WINDOW, 1, 0x80);
    board.out(0x3d4, 2, 0x100c); // begin at 1000h
    board.out(0x3d4, 2, 0x2e07); // line 64h: no higher bits
    board.out(0x3d4, 2, 0x0009);
    board.out(0x3d4, 2, 0x6418);
    assertEquals(colour(0), dot(0, 0));
    assertEquals(colour(0), dot(0, 0x64));
    assertEquals(colour(15), dot(0, 0x65));
    board.in(0x3da, 1);
    board.out(0x3c0, 1, 0x33);
    board.out(0x3c0, 1, 1);
    assertEquals(colour(0), dot(0, 0x65), "moved out of sight");
    board.out(0x3c0, 1, 0x30);
    board.out(0x3c0, 1, 0x21);
    assertEquals(colour(15), dot(0, 0x65), "but when only the upper part moves");
  }

  @Test
  void theExtensionsShowTheFrameBuffer() {
    VgaMode.TEXT.set(board);
    assertEquals(0xb0c5, display(0));
    display(1, 800);
    display(2, 600);
    display(3, 32);
    display(4, 0x41);
    board.write(FRAME_BUFFER + 4 * (800 * 2 + 3), 4, 0xff123456L);
    assertSize(800, 600);
    assertEquals(0x123456, dot(3, 2));
    display(6, 1600);
    display(8, 1);
    display(9, 1);
    assertEquals(0x123456, dot(2, 0), "two old lines are one of the virtual screen");
    display(4, 0);
    assertSize(720, 400);
  }

  private int display(int register) {
    board.out(0x1ce, 2, register);
    return board.in(0x1cf, 2);
  }

  @Test
  void theWindowShowsABankOfTheFrameBuffer() {
    VgaMode.TEXT.set(board);
    board.out(0x3ce, 2, 0x0506);
    display(1, 1024);
    display(2, 768);
    display(3, 16);
    display(4, 1);
    display(5, 3);
    board.write(WINDOW + 2, 2, 0x07e0);
    assertEquals(0x07e0, board.read(FRAME_BUFFER + 0x30002, 2));
    assertEquals(0x00ff00, dot(1, 96));
    board.write(REGISTERS + 0x604, 4, 0xbebebebeL);
    assertEquals(0xe70039, dot(1, 96), "E007h");
  }

  @Test
  void theRegistersAreInMemoryToo() {
    VgaMode.TEXT.set(board);
    board.write(REGISTERS + 0x414, 2, 0x5a0f);
    assertEquals(0x5a, board.read(REGISTERS + 0x415, 1));
    assertEquals(0x5a0f, board.read(REGISTERS + 0x414, 2));
    board.write(REGISTERS + 0x502, 2, 640);
    assertEquals(640, display(1));
    assertEquals(256, board.read(REGISTERS + 0x514, 2));
    assertEquals(8, board.read(REGISTERS + 0x600, 4));
    assertEquals(0x1e1e1e1e, board.read(REGISTERS + 0x604, 4));
  }

  @Test
  void aModeThatDoesNotFitShowsNothing() {
    display(1, 16000);
    display(2, 12000);
    display(3, 32);
    display(4, 0x41);
    assertSize(640, 480);
    display(3, 7);
    assertSize(640, 480);
  }
}
