// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.strata.system.device.vga.Picture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Registers in every order and width, with every value: the board neither throws nor hangs. */
@Timeout(120)
final class HostileGuestTest {
  private static final int ACCESSES = 300_000;
  private static final int[][] PORTS = {
    {0x20, 2},
    {0xa0, 2},
    {0x4d0, 2},
    {0x40, 4},
    {0x60, 6},
    {0x70, 2},
    {0x92, 1},
    {0xb2, 2},
    {0x170, 8},
    {0x1f0, 8},
    {0x376, 1},
    {0x378, 3},
    {0x505, 1},
    {0x3f6, 1},
    {0x510, 12},
    {0xcf8, 8},
    {0x1ce, 4},
    {0x3b0, 48},
    {0xc000, 16},
    {0xc100, 64},
    {0xc200, 64},
    {0xc300, 64},
    {0xc400, 64},
    {0x600, 64},
    {0, 0x10000},
  };
  private static final long[] MEMORY = {
    0xfee00000L,
    0xfec00000L,
    0xfed00000L,
    0xe0000000L,
    0xe0001000L,
    0xe0002000L,
    0xe0003000L,
    0xa0000L,
    0xb8000L,
    0xf0000000L,
    0xf0fffc10L,
    0xf1000000L,
    0xf1000400L,
    0xf1010000L,
    0xf1020000L,
    0xf1021000L,
    0xf1023000L,
    0xf1030000L,
    0xf1040000L,
    0xf1041000L,
    0xf1043000L,
    0xf1050000L,
    0xf1051000L,
    0xf1053000L,
    0xc0000L,
    0xf0000L,
    0x3ffff8L,
    0xfffffff0L,
  };

  @TempDir Path folder;

  private static void configure(Board board) {
    board.configure(1, 1, 0x20, 4, 0xc000);
    board.configure(1, 1, 0x04, 2, 7);
    board.configure(1, 3, 0x40, 4, 0x600);
    board.configure(1, 3, 0x80, 1, 1);
    board.configure(2, 0, 0x10, 4, 0xc100);
    board.configure(2, 0, 0x20, 4, 0xe0000000L);
    board.configure(2, 0, 0x04, 2, 7);
    board.configure(3, 0, 0x10, 4, 0xf0000000L);
    board.configure(3, 0, 0x18, 4, 0xf1000000L);
    board.configure(3, 0, 0x30, 4, 0xf1010001L);
    board.configure(3, 0, 0x04, 2, 7);
    board.configure(4, 0, 0x10, 4, 0xc200);
    board.configure(4, 0, 0x20, 4, 0xf1020000L);
    board.configure(4, 0, 0x04, 2, 7);
    board.configure(5, 0, 0x10, 4, 0xf1030000L);
    board.configure(5, 0, 0x04, 2, 7);
    board.configure(6, 0, 0x10, 4, 0xc300);
    board.configure(6, 0, 0x20, 4, 0xf1040000L);
    board.configure(6, 0, 0x04, 2, 7);
    board.configure(7, 0, 0x10, 4, 0xc400);
    board.configure(7, 0, 0x20, 4, 0xf1050000L);
    board.configure(7, 0, 0x04, 2, 7);
  }

  /** A few lines of it: all would take most of the test's time. */
  private static void look(Board board) {
    Picture screen = board.machine.screen();
    assertNotNull(screen);
    var line = new int[screen.width()];
    for (int y = 0; y < screen.height(); y += 1 + screen.height() / 8) {
      screen.line(y, line);
    }
  }

  @Test
  void noAccessThrows() throws IOException {
    var random = new Random(6);
    try (var board = new Board(folder)) {
      for (int access = 0; access < ACCESSES; access++) {
        if (access % 20_000 == 0) {
          board.machine.resetBoard();
          configure(board);
        }
        if (access % 50 == 0) {
          look(board);
        }
        int bytes = 1 << random.nextInt(3);
        long value = random.nextBoolean() ? random.nextInt(256) : random.nextLong();
        if (random.nextInt(3) != 0) {
          int[] range = PORTS[random.nextInt(PORTS.length)];
          int port = Math.min(range[0] + random.nextInt(range[1]), 0x10000 - bytes);
          if (random.nextBoolean()) {
            board.in(port, bytes);
          } else {
            board.out(port, bytes, value);
          }
        } else {
          long address = MEMORY[random.nextInt(MEMORY.length)] + random.nextInt(0x400);
          int wide = 1 << random.nextInt(4);
          if (random.nextBoolean()) {
            board.machine.memory().read(address, wide);
          } else {
            board.machine.memory().write(address, wide, value);
          }
        }
      }
      // And it still works.
      board.machine.resetBoard();
      assertEquals(0x12378086, board.configuration(0, 0, 0));
    }
  }
}
