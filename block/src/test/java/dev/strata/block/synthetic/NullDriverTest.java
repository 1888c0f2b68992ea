// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.synthetic;

import static dev.strata.block.Disk.filled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Extent;
import dev.strata.block.Preallocation;
import dev.strata.block.StatusDetail;
import dev.strata.block.option.BlockOptions;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The answers are those that the reference tools give for the same options. */
class NullDriverTest {
  private static Disk open(String... more) throws BlockException {
    var options = new ArrayList<>(List.of("driver", "null-co"));
    options.addAll(Arrays.asList(more));
    return Disk.open(
        List.of(new NullFactory(), new NullAioFactory()),
        Disk.WRITABLE,
        options.toArray(String[]::new));
  }

  @Test
  void readsLeaveTheMemoryAloneUnlessZeroesAreWanted() throws BlockException {
    try (Disk disk = open()) {
      assertEquals(1 << 30, disk.backend().length());
      assertArrayEquals(filled(512, 0x5a), disk.read(0, 512));
      Extent extent = disk.backend().status(0, 1 << 30, StatusDetail.ZEROES);
      assertFalse(extent.zero() || extent.allocated() || extent.data());
      assertEquals(0, disk.node().allocatedSize());
    }
    try (Disk disk = open("size", "1M", "read-zeroes", "on")) {
      assertEquals(1 << 20, disk.backend().length());
      assertArrayEquals(new byte[512], disk.read(0, 512));
      Extent extent = disk.backend().status(0, 1 << 20, StatusDetail.ZEROES);
      assertTrue(extent.zero() && extent.allocated());
      assertEquals(0, extent.fileOffset());
    }
  }

  @Test
  void everyRequestTakesTheTimeWanted() throws BlockException {
    long nanos = 20_000_000;
    try (Disk disk = open("latency-ns", Long.toString(nanos))) {
      long start = System.nanoTime();
      disk.read(0, 512);
      disk.write(0, 512, 1);
      assertTrue(System.nanoTime() - start >= 2 * nanos);
    }
  }

  @Test
  void thereIsOneFileName() throws BlockException {
    try (Disk disk = open("latency-ns", "0")) {
      assertEquals("null-co://", disk.node().filename());
    }
    try (Disk disk = open("size", "1M")) {
      assertEquals("json:{\"driver\": \"null-co\", \"size\": \"1M\"}", disk.node().filename());
    }
    assertEquals(
        "The only allowed filename for this driver is 'null-aio://'",
        assertThrows(
                BlockException.class,
                () -> new NullAioFactory().parseFilename("null-aio:1M", new BlockOptions()))
            .getMessage());
  }

  @Test
  void whatMakesNoSenseIsRefused() throws BlockException {
    assertEquals(
        "latency-ns is invalid",
        assertThrows(BlockException.class, () -> open("latency-ns", "-5")).getMessage());
    try (Disk disk = open()) {
      assertEquals(
          "Image format driver does not support resize",
          assertThrows(
                  BlockException.class,
                  () -> disk.backend().truncate(512, true, Preallocation.OFF, 0))
              .getMessage());
    }
  }

  /**
   * One after the other they would take over eight minutes; a thread of the system's for each would
   * show in the peak.
   */
  @Test
  @Timeout(120)
  void tenThousandRequestsInFlightTakeTheirTimeTogether() throws Exception {
    int count = 10_000;
    long nanos = TimeUnit.MILLISECONDS.toNanos(50);
    ThreadMXBean platformThreads = ManagementFactory.getThreadMXBean();
    platformThreads.resetPeakThreadCount();
    int before = platformThreads.getPeakThreadCount();
    long start = System.nanoTime();
    try (Disk disk = open("latency-ns", Long.toString(nanos));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Long> request =
          () -> {
            long begin = System.nanoTime();
            disk.read(0, 512);
            return System.nanoTime() - begin;
          };
      for (Future<Long> taken : threads.invokeAll(Collections.nCopies(count, request))) {
        assertTrue(taken.get() >= nanos, taken.get() + " ns");
      }
    }
    long total = System.nanoTime() - start;
    assertTrue(total < count * nanos / 10, total + " ns");
    assertTrue(platformThreads.getPeakThreadCount() < before + 100);
  }
}
