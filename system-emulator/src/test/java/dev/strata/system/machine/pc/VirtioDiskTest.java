// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.IoVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A virtio disk, driven through memory and registers as a driver of virtio 1.0 does. */
@Timeout(30)
final class VirtioDiskTest {
  private static final long BAR = 0xe0000000L;
  private static final long DESCRIPTORS = 0x10000;
  private static final long AVAILABLE = 0x12000;
  private static final long USED = 0x13000;
  private static final long HEADER = 0x14000;
  private static final long DATA = 0x15000;
  private static final long RESULT = 0x16000;

  @TempDir Path folder;
  private Board board;
  private int offered;

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
    board.configure(2, 0, 0x20, 4, BAR);
    board.configure(2, 0, 0x04, 2, 6);
    board.write(BAR + 20, 1, 0);
    board.write(BAR + 20, 1, 3);
    board.write(BAR + 8, 4, 1);
    board.write(BAR + 12, 4, 1); // VERSION_1
    board.write(BAR + 8, 4, 0);
    board.write(BAR + 12, 4, 1 << 9); // FLUSH
    board.write(BAR + 20, 1, 11);
    assertEquals(11, board.read(BAR + 20, 1));
    board.write(BAR + 22, 2, 0);
    board.write(BAR + 24, 2, 8);
    board.write(BAR + 32, 4, DESCRIPTORS);
    board.write(BAR + 40, 4, AVAILABLE);
    board.write(BAR + 48, 4, USED);
    board.write(BAR + 28, 2, 1);
    board.write(BAR + 20, 1, 15);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  private void descriptor(int index, long address, long length, int flags, int next) {
    board.write(DESCRIPTORS + 16L * index, 8, address);
    board.write(DESCRIPTORS + 16L * index + 8, 4, length);
    board.write(DESCRIPTORS + 16L * index + 12, 2, flags);
    board.write(DESCRIPTORS + 16L * index + 14, 2, next);
  }

  private void offer(int head) {
    board.write(AVAILABLE + 4 + 2L * (offered & 7), 2, head);
    board.write(AVAILABLE + 2, 2, ++offered);
    board.write(BAR + 0x3000, 2, 0);
  }

  /** A request of one buffer, done: its result. */
  private long request(int type, long sector, boolean toGuest, int length) {
    board.write(HEADER, 4, type);
    board.write(HEADER + 8, 8, sector);
    board.write(RESULT, 1, 0x77);
    descriptor(0, HEADER, 16, 1, 1);
    descriptor(1, DATA, length, toGuest ? 3 : 1, 2);
    descriptor(2, RESULT, 1, 2, 0);
    offer(0);
    awaitUsed();
    return board.read(RESULT, 1);
  }

  private void awaitUsed() {
    while (board.read(USED + 2, 2) != offered) {
      Thread.onSpinWait();
    }
  }

  private void awaitBroken() {
    while ((board.read(BAR + 20, 1) & 0x40) == 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void theConfigurationHasTheSize() {
    assertEquals(2048, board.read(BAR + 0x2000, 8));
  }

  @Test
  void readsReachTheGuestsOwnPages() throws IOException {
    var bytes = new byte[1024];
    Arrays.fill(bytes, (byte) 0x5a);
    board.virtioDisk.write(4 * 512, IoVector.of(bytes), 0);
    assertEquals(0, request(0, 4, true, 1024));
    assertEquals(0x5a5a5a5a5a5a5a5aL, board.read(DATA, 8));
    assertEquals(0x5a, board.read(DATA + 1023, 1));
    assertEquals(1025, board.read(USED + 8, 4));
  }

  @Test
  void writesReachTheDisk() throws IOException {
    board.write(DATA, 8, 0x1122334455667788L);
    assertEquals(0, request(1, 7, false, 512));
    var found = new byte[8];
    board.virtioDisk.read(7 * 512, IoVector.of(found), 0);
    assertArrayEquals(new byte[] {(byte) 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11}, found);
    assertEquals(0, request(4, 0, false, 0));
  }

  @Test
  void anInterruptIsRaisedAndReadingItsCauseLowersIt() {
    assertEquals(0, request(0, 0, true, 512));
    while ((board.configuration(2, 0, 4) >> 16 & 8) == 0) {
      Thread.onSpinWait();
    }
    assertEquals(1, board.read(BAR + 0x1000, 1));
    assertEquals(0, board.configuration(2, 0, 4) >> 16 & 8);
    assertEquals(0, board.read(BAR + 0x1000, 1));
  }

  @Test
  void sectorsBeyondTheEndAreErrors() {
    assertEquals(1, request(0, 2048, true, 512));
    assertEquals(1, request(0, -1, true, 512));
    assertEquals(1, request(0, 0, true, 100));
    assertEquals(2, request(99, 0, true, 512));
  }

  @Test
  void aChainThatLoopsBreaksTheDevice() {
    descriptor(0, HEADER, 16, 1, 1);
    descriptor(1, DATA, 512, 1, 0);
    offer(0);
    awaitBroken();
  }

  @Test
  void aDescriptorOfRegistersBreaksTheDevice() {
    descriptor(0, HEADER, 16, 1, 1);
    descriptor(1, BAR, 512, 3, 2);
    descriptor(2, RESULT, 1, 2, 0);
    offer(0);
    awaitBroken();
  }

  @Test
  void aBrokenDeviceWorksAgainAfterItsReset() throws IOException {
    aChainThatLoopsBreaksTheDevice();
    board.write(BAR + 20, 1, 0);
    assertEquals(0, board.read(BAR + 20, 1));
    assertTrue(board.virtioDisk.length() > 0);
  }

  @Test
  void theAvailableRingCannotMoveFurtherThanItIsLong() {
    board.write(AVAILABLE + 2, 2, 9);
    board.write(BAR + 0x3000, 2, 0);
    awaitBroken();
  }
}
