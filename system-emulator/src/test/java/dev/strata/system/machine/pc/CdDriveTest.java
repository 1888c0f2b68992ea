// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.IoVector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A CD drive, driven through the board's ports as ATAPI and MMC say. */
@Timeout(30)
final class CdDriveTest {
  private static final int SECTOR = 2048;

  @TempDir Path folder;
  private Board board;
  private final byte[] content = new byte[1 << 20];

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
    new Random(1).nextBytes(content);
    board.cd.write(0, IoVector.of(content), 0);
    board.out(0x176, 1, 0xa0);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  private int awaitIdle() {
    int status = board.in(0x376, 1);
    while ((status & 0x80) != 0) {
      Thread.onSpinWait();
      status = board.in(0x376, 1);
    }
    return status;
  }

  private void send(boolean byMaster, int limit, int... packet) {
    board.out(0x171, 1, byMaster ? 1 : 0);
    board.out(0x174, 1, limit & 0xff);
    board.out(0x175, 1, limit >> 8);
    board.out(0x177, 1, 0xa0);
    assertEquals(0x58, awaitIdle());
    assertEquals(1, board.in(0x172, 1), "a command is wanted");
    int[] whole = Arrays.copyOf(packet, 12);
    for (int at = 0; at < 12; at += 2) {
      board.out(0x170, 2, whole[at] | whole[at + 1] << 8);
    }
  }

  /** All that the drive sends, in parts of the length that it says. */
  private byte[] received(int limit) {
    var all = new ByteArrayOutputStream();
    int status = awaitIdle();
    while ((status & 8) != 0) {
      assertEquals(2, board.in(0x172, 1), "data for the host");
      int length = board.in(0x174, 1) | board.in(0x175, 1) << 8;
      assertTrue(length > 0 && length <= limit, () -> "part of " + length);
      for (int at = 0; at < length; at += 2) {
        int word = board.in(0x170, 2);
        all.write(word);
        if (at + 1 < length) {
          all.write(word >> 8);
        }
      }
      status = awaitIdle();
    }
    assertEquals(0x50, status);
    assertEquals(3, board.in(0x172, 1), "the command is over");
    return all.toByteArray();
  }

  private byte[] answer(int... packet) {
    send(false, 0xfffe, packet);
    return received(0xfffe);
  }

  private void assertFails(int key, int code, int... packet) {
    send(false, 0xfffe, packet);
    assertEquals(0x41, awaitIdle());
    assertEquals(key, board.in(0x171, 1) >> 4);
    byte[] sense = answer(3, 0, 0, 0, 18);
    assertEquals(18, sense.length);
    assertEquals(key, sense[2]);
    assertEquals(code, ByteBuffer.wrap(sense).getShort(12) & 0xffff);
  }

  @Test
  void itSaysThatItIsNoDisk() {
    board.out(0x376, 1, 4);
    board.out(0x376, 1, 0);
    board.out(0x176, 1, 0xa0);
    assertEquals(0, awaitIdle(), "not ready, as disks are");
    assertEquals(0x14, board.in(0x174, 1));
    assertEquals(0xeb, board.in(0x175, 1));
    board.out(0x177, 1, 0xec);
    assertEquals(0x41, awaitIdle());
    assertEquals(4, board.in(0x171, 1));
    board.out(0x177, 1, 0xa1);
    assertEquals(0x58, awaitIdle());
    assertEquals(0x85c0, board.in(0x170, 2));
    assertEquals("QEMU DVD-ROM", new String(answer(0x12, 0, 0, 0, 36), 16, 12, US_ASCII));
  }

  @Test
  void sectorsComeInPartsOfTheLengthThatIsAsked() {
    byte[] expected = Arrays.copyOfRange(content, 3 * SECTOR, 13 * SECTOR);
    for (int limit : new int[] {2048, 512, 0xfffe, 0xffff, 3000, 2001}) {
      send(false, limit, 0x28, 0, 0, 0, 0, 3, 0, 0, 10);
      assertArrayEquals(expected, received(limit), () -> "limit " + limit);
    }
    assertArrayEquals(
        Arrays.copyOfRange(content, 0, SECTOR), answer(0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 1));
    assertArrayEquals(
        Arrays.copyOfRange(content, 0, SECTOR), answer(0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0x10));
  }

  @Test
  void withoutALengthNoDataCome() {
    send(false, 0, 0x28, 0, 0, 0, 0, 3, 0, 0, 1);
    assertEquals(0x41, awaitIdle());
    assertEquals(4, board.in(0x171, 1));
  }

  private void startMaster(int bytes) {
    board.configure(1, 1, 0x20, 4, 0xc000);
    board.configure(1, 1, 0x04, 2, 5);
    board.machine.memory().write(0x1000, 4, 0x2000);
    board.machine.memory().write(0x1004, 4, 0x80000000L | bytes);
    board.out(0xc00c, 4, 0x1000);
    board.out(0xc008, 1, 9);
    while ((board.in(0xc00a, 1) & 4) == 0) {
      Thread.onSpinWait();
    }
    board.out(0xc008, 1, 0);
    board.out(0xc00a, 1, 4);
  }

  @Test
  void theBusMasterFillsMemory() {
    send(true, 0, 0x28, 0, 0, 0, 1, 0xf0, 0, 0, 2);
    startMaster(2 * SECTOR);
    assertEquals(0x50, awaitIdle());
    for (int at = 0; at < 2 * SECTOR; at++) {
      assertEquals(
          content[0x1f0 * SECTOR + at], (byte) board.machine.memory().read(0x2000 + at, 1));
    }
    send(true, 0, 0x25);
    startMaster(8);
    assertEquals(511, Integer.reverseBytes((int) board.machine.memory().read(0x2000, 4)));
  }

  @Test
  void theMediumIsDescribed() {
    assertArrayEquals(new byte[] {0, 0, 1, (byte) 0xff, 0, 0, 8, 0}, answer(0x25));
    byte[] tracks = answer(0x43, 0, 0, 0, 0, 0, 0, 0, 255);
    assertArrayEquals(
        new byte[] {0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, (byte) 0xaa, 0, 0, 0, 2, 0},
        tracks);
    byte[] asTime = answer(0x43, 2, 0, 0, 0, 0, 0xaa, 0, 12);
    assertArrayEquals(new byte[] {0, 10, 1, 1, 0, 0x14, (byte) 0xaa, 0, 0, 0, 8, 62}, asTime);
    assertArrayEquals(
        new byte[] {0, 4, 4, 0x10, 0, 2, 0, 0}, answer(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8));
    assertEquals(8, answer(0x46, 0, 0, 0, 0, 0, 0, 0, 8)[7]);
    assertEquals(0x2a, answer(0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 30)[8]);
  }

  @Test
  void mistakesAreTold() {
    assertFails(5, 0x2100, 0x28, 0, 0, 0, 2, 0, 0, 0, 1);
    assertFails(5, 0x2100, 0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    assertFails(5, 0x2000, 0x2a);
    assertFails(5, 0x2400, 0x12, 1);
    assertFails(5, 0x3900, 0x5a, 0, 0xea, 0, 0, 0, 0, 0, 30);
    assertEquals(0, answer(3, 0, 0, 0, 18)[2]);
  }

  @Test
  void anOpenTrayHasNoMediumAndALockedOneStaysShut() {
    assertEquals(0, answer(0x1e, 0, 0, 0, 1).length);
    assertFails(2, 0x5300, 0x1b, 0, 0, 0, 2);
    assertEquals(0, answer(0x1e, 0, 0, 0, 0).length);
    assertEquals(0, answer(0x1b, 0, 0, 0, 2).length);
    assertFails(2, 0x3a00, 0);
    assertEquals(0, answer(0x1b, 0, 0, 0, 3).length);
    assertEquals(0, answer(0).length);
  }

  @Test
  void anEmptyDriveAnswers() {
    board.out(0x176, 1, 0xb0);
    assertFails(2, 0x3a00, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
    assertFails(2, 0x3a00, 0x25);
    assertEquals(36, answer(0x12, 0, 0, 0, 36).length);
  }

  @Test
  void aDeviceResetEndsWhatWasGoingOn() {
    send(false, 0xfffe, 0x28, 0, 0, 0, 0, 0, 0, 0, 100);
    board.out(0x177, 1, 8);
    assertEquals(0, awaitIdle());
    assertEquals(0xeb, board.in(0x175, 1));
    assertEquals(8, answer(0x25).length);
  }
}
