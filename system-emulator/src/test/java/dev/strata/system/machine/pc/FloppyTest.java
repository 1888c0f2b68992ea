// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.IoVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A floppy disk of 1.44 MB, driven through the board's ports as the 82077AA and the 8237A say. */
@Timeout(30)
final class FloppyTest {
  private static final int TO_MEMORY = 0x46; // modes of DMA channel 2
  private static final int FROM_MEMORY = 0x4a;

  @TempDir Path folder;
  private Board board;
  private final byte[] content = new byte[1440 << 10];

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
    new Random(2).nextBytes(content);
    board.floppy.write(0, IoVector.of(content), 0);
    board.out(0x3f2, 1, 0x00);
    board.out(0x3f2, 1, 0x1c);
    for (int drive = 0; drive < 4; drive++) {
      assertArrayEquals(new int[] {0xc0 | drive, 0}, command(2, 8));
    }
    board.out(0x3f7, 1, 0); // 500 kbit/s
    command(0, 3, 0xaf, 2);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  private int await(int bits) {
    int status = board.in(0x3f4, 1);
    while ((status & 0xc0) != bits) {
      Thread.onSpinWait();
      status = board.in(0x3f4, 1);
    }
    return status;
  }

  private void send(int... words) {
    for (int word : words) {
      await(0x80);
      board.out(0x3f5, 1, word);
    }
  }

  private int[] result(int count) {
    var result = new int[count];
    for (int at = 0; at < count; at++) {
      await(0xc0);
      result[at] = board.in(0x3f5, 1);
    }
    assertEquals(0, board.in(0x3f4, 1) & 0x10, "the command is over");
    return result;
  }

  private int[] command(int results, int... words) {
    send(words);
    return result(results);
  }

  private void dma(int mode, int address, int length) {
    board.out(0x0a, 1, 6);
    board.out(0x0c, 1, 0);
    board.out(0x0b, 1, mode);
    board.out(0x04, 1, address & 0xff);
    board.out(0x04, 1, address >> 8 & 0xff);
    board.out(0x81, 1, address >> 16);
    board.out(0x05, 1, length - 1 & 0xff);
    board.out(0x05, 1, (length - 1) >> 8);
    board.out(0x0a, 1, 2);
  }

  private byte[] memory(int address, int length) {
    var bytes = new byte[length];
    for (int at = 0; at < length; at++) {
      bytes[at] = (byte) board.machine.memory().read(address + at, 1);
    }
    return bytes;
  }

  private void seek(int cylinder, int head) {
    command(0, 0x0f, head << 2, cylinder);
    assertArrayEquals(new int[] {0x20 | head << 2, cylinder}, command(2, 8));
  }

  @Test
  void theFirmwareIsToldOfTheDrive() {
    board.out(0x70, 1, 0x10);
    assertEquals(0x40, board.in(0x71, 1));
    board.out(0x70, 1, 0x14);
    assertEquals(7, board.in(0x71, 1));
  }

  @Test
  void aNewDiskIsSeenUntilTheHeadsMove() {
    assertEquals(0x80, board.in(0x3f7, 1));
    seek(1, 0);
    assertEquals(0, board.in(0x3f7, 1));
  }

  @Test
  void sectorsAreReadByDmaOverBothSides() {
    seek(3, 0);
    dma(TO_MEMORY, 0x12345, 20 * 512);
    // The whole cylinder has passed: the next sector is the next cylinder's first.
    assertArrayEquals(
        new int[] {0, 0, 0, 4, 0, 1, 2}, command(7, 0xe6, 0, 3, 0, 17, 2, 18, 0x1b, 0xff));
    int from = (3 * 2 * 18 + 16) * 512;
    assertArrayEquals(
        Arrays.copyOfRange(content, from, from + 20 * 512), memory(0x12345, 20 * 512));
  }

  @Test
  void dmaEndsATransferInTheMiddleOfASide() {
    seek(79, 1);
    dma(TO_MEMORY, 0x2000, 1024);
    int[] result = command(7, 0x46, 4, 79, 1, 5, 2, 18, 0x1b, 0xff);
    assertArrayEquals(new int[] {4, 0, 0, 79, 1, 7, 2}, result);
    int from = ((79 * 2 + 1) * 18 + 4) * 512;
    assertArrayEquals(Arrays.copyOfRange(content, from, from + 1024), memory(0x2000, 1024));
    assertEquals(4, board.in(0x08, 1) & 4, "the count is exhausted");
  }

  @Test
  void sectorsAreWrittenByDma() throws IOException {
    for (int at = 0; at < 1024; at++) {
      board.machine.memory().write(0x3000 + at, 1, at * 5 + 1);
    }
    seek(0, 0);
    dma(FROM_MEMORY, 0x3000, 1024);
    assertArrayEquals(
        new int[] {0, 0, 0, 0, 0, 5, 2}, command(7, 0x45, 0, 0, 0, 3, 2, 18, 0x1b, 0xff));
    var written = new byte[1024];
    board.floppy.read(2 * 512, IoVector.of(written), 0);
    assertArrayEquals(memory(0x3000, 1024), written);
  }

  @Test
  void theProcessorMovesBytesIfDmaIsOff() {
    command(0, 3, 0xaf, 3);
    seek(0, 0);
    send(0x46, 0, 0, 0, 18, 2, 18, 0x1b, 0xff);
    var bytes = new byte[512];
    for (int at = 0; at < 512; at++) {
      assertEquals(0xf0, await(0xc0));
      bytes[at] = (byte) board.in(0x3f5, 1);
    }
    assertArrayEquals(Arrays.copyOfRange(content, 17 * 512, 18 * 512), bytes);
    assertArrayEquals(new int[] {0x40, 0x80, 0, 1, 0, 1, 2}, result(7));
  }

  @Test
  void aTrackIsFormatted() throws IOException {
    seek(2, 1);
    for (int at = 0; at < 18; at++) {
      board.machine.memory().write(0x3000 + 4 * at, 4, 2 | 1 << 8 | (at + 1) << 16 | 2 << 24);
    }
    dma(FROM_MEMORY, 0x3000, 72);
    assertEquals(4, command(7, 0x4d, 4, 2, 18, 0x50, 0xf6)[0]);
    var track = new byte[18 * 512];
    board.floppy.read((2 * 2 + 1) * 18 * 512, IoVector.of(track), 0);
    var expected = new byte[18 * 512];
    Arrays.fill(expected, (byte) 0xf6);
    assertArrayEquals(expected, track);
  }

  @Test
  void mistakesAreTold() {
    seek(0, 0);
    dma(TO_MEMORY, 0x2000, 512);
    assertEquals(4, command(7, 0x46, 0, 0, 0, 19, 2, 18, 0x1b, 0xff)[1], "no such sector");
    assertEquals(4, command(7, 0x46, 0, 1, 0, 1, 2, 18, 0x1b, 0xff)[1], "the heads are elsewhere");
    board.out(0x0a, 1, 6);
    assertEquals(0x10, command(7, 0x45, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)[1], "no DMA");
    board.out(0x3f7, 1, 3);
    assertEquals(1, command(7, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)[1], "another rate");
    assertArrayEquals(new int[] {0x80}, command(1, 0x1f));
    assertArrayEquals(new int[] {0x80}, command(1, 8), "no interrupt");
    command(0, 7, 1);
    assertEquals(0x71, command(2, 8)[0], "no second drive");
  }
}
