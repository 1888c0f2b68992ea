// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rings that no driver makes: the device breaks, or does what it can, and works after a reset. */
@Timeout(60)
final class VirtioRingsTest {
  private static final long BAR = 0xe0000000L;
  private static final long DATA = 0x200000;
  private static final long NOWHERE = 0x80000000L;
  private static final int ROUNDS = 3000;

  // Nothing of the ring itself: a device that writes there would lie of what it has done.
  private static final long[] PLACES = {
    DATA,
    DATA + 4095,
    0x3fffff,
    0x400000,
    0xa0000,
    0xfffff,
    BAR,
    0xfee00000L,
    0xfffffff0L,
    NOWHERE,
    -1,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    0,
  };
  private static final long[] LENGTHS = {0, 1, 8, 16, 17, 512, 4096, 0x40000000, 0xffffffffL};

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

  private VirtioDriver driver(int slot) {
    return new VirtioDriver(board, slot, BAR, slot == 6 ? 2 : 0);
  }

  @ParameterizedTest
  @CsvSource({"2,0", "4,0", "6,1", "6,3", "6,5", "7,0", "7,1", "7,2"})
  void aChainThatLoopsBreaksTheDeviceUntilItsReset(int slot, int queue) {
    VirtioDriver driver = driver(slot);
    driver.start(queue);
    driver.descriptor(queue, 0, DATA, 16, VirtioDriver.NEXT, 1);
    driver.descriptor(queue, 1, DATA, 16, VirtioDriver.NEXT, 0);
    driver.offer(queue, 0);
    driver.awaitBroken();
    VirtioDriver next = driver(slot);
    next.start(queue);
    assertEquals(15, board.read(BAR + 20, 1));
  }

  @ParameterizedTest
  @CsvSource({"2,0", "4,0", "6,1", "6,3", "7,0", "7,1", "7,2"})
  void aTableOfWhatIsNoMemoryBreaksNothingElse(int slot, int queue) {
    VirtioDriver driver = driver(slot);
    driver.start(queue, NOWHERE, VirtioDriver.available(queue), VirtioDriver.used(queue));
    driver.start();
    driver.offer(queue, 0);
    VirtioDriver next = driver(slot);
    next.start(queue, VirtioDriver.descriptors(queue), NOWHERE, NOWHERE);
    next.start();
    next.offer(queue, 0);
    VirtioDriver last = driver(slot);
    last.start(queue);
    last.descriptor(queue, 0, NOWHERE, 16, 0, 0);
    last.offer(queue, 0);
    last.awaitBroken();
  }

  @ParameterizedTest
  @CsvSource({"2,0", "4,0", "6,1", "6,3", "7,0", "7,1"})
  void ringsByChanceNeitherThrowNorHang(int slot, int queue) {
    var random = new Random(slot * 10 + queue);
    VirtioDriver driver = driver(slot);
    driver.start(queue);
    int broken = 0;
    for (int round = 0; round < ROUNDS; round++) {
      for (int index = 0; index < VirtioDriver.SIZE; index++) {
        long address =
            random.nextInt(3) == 0 ? PLACES[random.nextInt(PLACES.length)] : DATA + 64L * index;
        driver.descriptor(
            queue,
            index,
            address,
            LENGTHS[random.nextInt(random.nextBoolean() ? 6 : LENGTHS.length)],
            random.nextInt(4) == 0 ? random.nextInt(8) : random.nextInt(4),
            random.nextInt(VirtioDriver.SIZE + 1));
        board.write(DATA + 64L * index, 8, random.nextInt(4) == 0 ? random.nextLong() : index);
      }
      driver.offer(queue, random.nextInt(VirtioDriver.SIZE + 1));
      driver.awaitUsedOrBroken(queue);
      if (driver.isBroken()) {
        broken++;
        driver = driver(slot);
        driver.start(queue);
      }
    }
    assertTrue(broken > 0 && broken < ROUNDS, "broken " + broken + " times");
  }
}
