// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.IoVector;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An IDE disk, driven through the board's ports as ATA says. */
@Timeout(30)
final class IdeDiskTest {
  @TempDir Path folder;
  private Board board;

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  private int awaitIdle() {
    int status = board.in(0x3f6, 1);
    while ((status & 0x80) != 0) {
      Thread.onSpinWait();
      status = board.in(0x3f6, 1);
    }
    return status;
  }

  private void command(int code, int sector, int count) {
    board.out(0x1f6, 1, 0xe0);
    board.out(0x1f2, 1, count);
    board.out(0x1f3, 1, sector & 0xff);
    board.out(0x1f4, 1, sector >> 8);
    board.out(0x1f5, 1, 0);
    board.out(0x1f7, 1, code);
  }

  private byte[] readSector() {
    assertEquals(0x58, awaitIdle());
    var bytes = new byte[512];
    for (int at = 0; at < 512; at += 2) {
      int word = board.in(0x1f0, 2);
      bytes[at] = (byte) word;
      bytes[at + 1] = (byte) (word >> 8);
    }
    return bytes;
  }

  private static byte[] pattern(int seed) {
    var bytes = new byte[512];
    for (int at = 0; at < 512; at++) {
      bytes[at] = (byte) (at * 7 + seed);
    }
    return bytes;
  }

  @Test
  void identifyTellsTheSize() {
    command(0xec, 0, 0);
    byte[] words = readSector();
    int sectors = (words[120] & 0xff) | (words[121] & 0xff) << 8 | (words[122] & 0xff) << 16;
    assertEquals(2048, sectors);
    assertEquals("EQUMH RADDSI K", new String(words, 54, 14, StandardCharsets.US_ASCII));
  }

  @Test
  void sectorsAreReadOneInterruptEach() throws IOException {
    board.ideDisk.write(5 * 512, IoVector.of(pattern(1)), 0);
    board.ideDisk.write(6 * 512, IoVector.of(pattern(2)), 0);
    command(0x20, 5, 2);
    assertArrayEquals(pattern(1), readSector());
    assertArrayEquals(pattern(2), readSector());
    assertEquals(0x50, awaitIdle());
  }

  @Test
  void aWrittenSectorIsOnTheDisk() throws IOException {
    command(0x30, 9, 1);
    byte[] bytes = pattern(3);
    for (int at = 0; at < 512; at += 4) {
      board.out(
          0x1f0,
          4,
          (bytes[at] & 0xff)
              | (bytes[at + 1] & 0xff) << 8
              | (bytes[at + 2] & 0xff) << 16
              | (bytes[at + 3] & 0xffL) << 24);
    }
    assertEquals(0x50, awaitIdle());
    var found = new byte[512];
    board.ideDisk.read(9 * 512, IoVector.of(found), 0);
    assertArrayEquals(bytes, found);
  }

  @Test
  void aSectorBeyondTheEndIsRefused() {
    command(0x20, 2048, 1);
    assertEquals(0x41, awaitIdle());
    assertEquals(4, board.in(0x1f1, 1));
  }

  @Test
  void theBusMasterFillsMemory() throws IOException {
    board.ideDisk.write(0, IoVector.of(pattern(4)), 0);
    board.configure(1, 1, 0x20, 4, 0xc000);
    board.configure(1, 1, 0x04, 2, 5);
    board.machine.memory().write(0x1000, 4, 0x2000);
    board.machine.memory().write(0x1004, 4, 0x80000200L);
    board.out(0xc004, 4, 0x1000);
    board.out(0xc000, 1, 8);
    command(0xc8, 0, 1);
    board.out(0xc000, 1, 9);
    while ((board.in(0xc002, 1) & 4) == 0) {
      Thread.onSpinWait();
    }
    byte[] expected = pattern(4);
    var found = new byte[512];
    for (int at = 0; at < 512; at++) {
      found[at] = (byte) board.machine.memory().read(0x2000 + at, 1);
    }
    assertArrayEquals(expected, found);
    assertEquals(0x50, board.in(0x1f7, 1));
  }

  @Test
  void aBusMasterTableThatIsNoMemoryIsAnError() {
    board.configure(1, 1, 0x20, 4, 0xc000);
    board.configure(1, 1, 0x04, 2, 5);
    board.out(0xc004, 4, 0xfec00000L); // the I/O APIC's registers
    command(0xc8, 0, 1);
    board.out(0xc000, 1, 9);
    assertEquals(0x41, awaitIdle());
    assertTrue((board.in(0xc002, 1) & 2) != 0);
  }

  @Test
  void aResetEndsWhatWasGoingOn() {
    command(0x20, 0, 8);
    awaitIdle();
    board.out(0x3f6, 1, 4);
    board.out(0x3f6, 1, 0);
    assertEquals(0x50, awaitIdle());
    assertEquals(1, board.in(0x1f2, 1));
    assertEquals(0, board.in(0x1f4, 1));
    assertEquals(0, board.in(0x1f5, 1));
  }
}
