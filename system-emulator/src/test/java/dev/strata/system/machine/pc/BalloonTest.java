// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.strata.system.device.virtio.BalloonDevice;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The balloon in 4 MiB of RAM. */
@Timeout(30)
final class BalloonTest {
  private static final int SLOT = 7;
  private static final long BAR = 0xe0000000L;
  private static final long NUMBERS = 0x80000;
  private static final long TOLD = 0x81000; // statistics
  private static final long PAGE = 4096;
  private static final int INFLATE = 0; // queues
  private static final int DEFLATE = 1;
  private static final int STATISTICS = 2;

  @TempDir Path folder;
  private Board board;
  private BalloonDevice balloon;
  private VirtioDriver driver;

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
    BalloonDevice device = board.machine.balloon();
    assertNotNull(device);
    balloon = device;
    driver = new VirtioDriver(board, SLOT, BAR, 2);
    driver.start(INFLATE, DEFLATE, STATISTICS);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  private void pages(int queue, int request, long... numbers) {
    for (int index = 0; index < numbers.length; index++) {
      board.write(NUMBERS + 4L * index, 4, numbers[index]);
    }
    driver.offer(queue, NUMBERS, 4L * numbers.length, 0);
    driver.awaitUsed(queue, request);
  }

  @Test
  void theMonitorsWishIsInTheConfiguration() {
    assertEquals(0, driver.configuration(0, 4));
    balloon.target(3 << 20);
    assertEquals(256, driver.configuration(0, 4));
    assertEquals(2, driver.cause() & 2, "the configuration has changed");
    balloon.target(1L << 40);
    assertEquals(0, driver.configuration(0, 4));
    driver.configure(4, 4, 256);
    assertEquals(3 << 20, balloon.left());
    driver.configure(4, 4, 0xffffffffL);
    assertEquals(0, balloon.left());
    board.machine.resetBoard();
    assertEquals(4 << 20, balloon.left());
  }

  @Test
  void pagesThatAreTakenAreEmptyAndTheirNeighboursAreNot() {
    for (int page = 0; page < 6; page++) {
      board.write(0x200000 + page * PAGE, 8, 0x1111);
      board.write(0x200000 + page * PAGE + 4088, 8, 0x2222);
    }
    pages(INFLATE, 1, 0x201, 0x202, 0x204);
    long[] expected = {0x1111, 0, 0, 0x1111, 0, 0x1111};
    for (int page = 0; page < 6; page++) {
      assertEquals(expected[page], board.read(0x200000 + page * PAGE, 8), "page " + page);
      assertEquals(2 * expected[page], board.read(0x200000 + page * PAGE + 4088, 8));
    }
    board.write(0x201000, 8, 0x3333);
    pages(DEFLATE, 1, 0x201);
    assertEquals(0x3333, board.read(0x201000, 8));
  }

  /** The hole below 1 MiB, the firmware, cards, nothing at all. */
  @Test
  void whatIsNoRamIsLeftAlone() {
    board.write(0x3ff000, 8, 0x1111);
    long firmware = board.read(0xfffffff0L, 8);
    pages(INFLATE, 1, 0xffffffffL, 0xfffff, 0xfee00, 0xfec00, BAR >> 12, 0x400, 0x401, 0xb8, 0xf0);
    assertEquals(firmware, board.read(0xfffffff0L, 8));
    assertEquals(0x1111, board.read(0x3ff000, 8));
    assertEquals(15, board.read(BAR + 20, 1), "it is not broken");
    // A run that leaves RAM is taken as far as it is.
    pages(INFLATE, 2, 0x3ff, 0x400, 0x401);
    assertEquals(0, board.read(0x3ff000, 8));
  }

  @Test
  void oneRequestIsNotForAllMemory() {
    driver.offer(INFLATE, 0x100000, (1 << 20) + 4, 0);
    driver.awaitBroken();
  }

  @Test
  void statisticsAreKeptUntilSomebodyAsks() {
    statistic(0, 4, 1000);
    statistic(1, 5, 2000);
    statistic(2, 77, 3000);
    driver.offer(STATISTICS, TOLD, 35, 0);
    pages(DEFLATE, 1, 0);
    assertEquals(0, driver.usedCount(STATISTICS));
    String unused = balloon.statistics();
    driver.awaitUsed(STATISTICS, 1);
    assertEquals(" free_mem=1000 total_mem=2000", balloon.statistics());
    statistic(0, 4, 1500);
    driver.offer(STATISTICS, TOLD, 10, 0); // which is asked for already
    driver.awaitUsed(STATISTICS, 2);
    assertEquals(" free_mem=1500 total_mem=2000", balloon.statistics());
  }

  private void statistic(int index, int kind, long value) {
    board.write(TOLD + 10L * index, 2, kind);
    board.write(TOLD + 10L * index + 2, 8, value);
  }
}
