// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import static dev.strata.block.Disk.filled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.NodeFlags;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The timeouts only end what would wait for ever. */
@Timeout(60)
class NodeRequestsTest {
  private static final int SIZE = 64 << 10;
  private static final Limits BLOCKS = Limits.NONE.withRequestAlignment(4096);

  private static Disk open(Recorder recorder, String... options) throws BlockException {
    return open(recorder, Disk.WRITABLE, options);
  }

  private static Disk open(Recorder recorder, NodeFlags flags, String... options)
      throws BlockException {
    String[] all = Arrays.copyOf(new String[] {"driver", "recorder"}, 2 + options.length);
    System.arraycopy(options, 0, all, 2, options.length);
    return Disk.open(List.of(recorder), flags, all);
  }

  @Test
  void aReadWithinABlockReadsTheBlockAndGivesItsPart() throws BlockException {
    var recorder = new Recorder(BLOCKS, SIZE);
    recorder.content[5000] = 7;
    try (Disk disk = open(recorder)) {
      byte[] expected = filled(10, 0x11);
      expected[1] = 7;
      assertArrayEquals(expected, disk.read(4999, 10));
      assertEquals(List.of("read 4096+4096"), recorder.requests);
    }
  }

  @Test
  void aWriteWithinBlocksKeepsTheRestOfTheFirstAndTheLast() throws BlockException {
    var recorder = new Recorder(BLOCKS, SIZE);
    try (Disk disk = open(recorder)) {
      disk.write(100, 20000, 5);
      assertEquals(List.of("read 0+4096", "read 16384+4096", "write 0+20480"), recorder.requests);
      byte[] expected = filled(SIZE, 0x11);
      Arrays.fill(expected, 100, 20100, (byte) 5);
      assertArrayEquals(expected, recorder.content);
    }
  }

  @Test
  void aWriteOfWholeBlocksIsPassedOnAsItIs() throws BlockException {
    var recorder = new Recorder(BLOCKS, SIZE);
    try (Disk disk = open(recorder)) {
      disk.write(4096, 8192, 5);
      assertEquals(List.of("write 4096+8192"), recorder.requests);
    }
  }

  @Test
  void requestsAreSplitAtTheLargestTransfer() throws BlockException {
    var recorder = new Recorder(Limits.NONE.withTransfer(4096, 0), SIZE);
    try (Disk disk = open(recorder)) {
      disk.write(0, 10000, 5);
      disk.read(0, 5000);
      assertEquals(
          List.of(
              "write 0+4096", "write 4096+4096", "write 8192+1808", "read 0+4096", "read 4096+904"),
          recorder.requests);
    }
  }

  @Test
  void aDriverThatCannotWriteThroughIsFlushedAfterwards() throws BlockException {
    var recorder = new Recorder(Limits.NONE, SIZE);
    try (Disk disk = open(recorder)) {
      disk.backend().write(0, IoVector.of(filled(512, 1)), RequestFlags.FUA);
      assertEquals(List.of("write 0+512", "flush"), recorder.requests);
      disk.backend().writeThrough(true);
      disk.write(512, 512, 1);
      assertEquals(List.of("write 0+512", "flush", "write 512+512", "flush"), recorder.requests);
    }
  }

  @Test
  void aDriverThatCanWriteThroughIsToldTo() throws BlockException {
    var recorder = new Recorder(Limits.NONE.withWriteFlags(RequestFlags.FUA), SIZE);
    try (Disk disk = open(recorder)) {
      disk.backend().write(0, IoVector.of(filled(512, 1)), RequestFlags.FUA);
      assertEquals(List.of("write 0+512 flags " + RequestFlags.FUA), recorder.requests);
    }
  }

  @Test
  void aFlushWithoutAWriteSinceTheLastOneDoesNotReachTheDriver() throws BlockException {
    var recorder = new Recorder(Limits.NONE, SIZE);
    try (Disk disk = open(recorder)) {
      disk.backend().flush();
      disk.write(0, 512, 1);
      disk.backend().flush();
      disk.backend().flush();
      assertEquals(List.of("write 0+512", "flush"), recorder.requests);
    }
  }

  @Test
  void aFlushThatFailedIsTriedAgain() throws BlockException {
    var recorder = new Recorder(Limits.NONE, SIZE);
    try (Disk disk = open(recorder)) {
      disk.write(0, 512, 1);
      recorder.failure = Errno.ENOSPC;
      for (int i = 0; i < 2; i++) {
        var e = assertThrows(BlockException.class, () -> disk.backend().flush());
        assertEquals(Errno.ENOSPC, e.errno());
      }
      recorder.failure = null;
      disk.backend().flush();
      disk.backend().flush();
      assertEquals(List.of("write 0+512", "flush", "flush", "flush"), recorder.requests);
    }
  }

  @Test
  void writtenZeroesAreDetectedWhereTheNodeIsToldTo() throws BlockException {
    Limits limits = Limits.NONE.withWriteZeroes(1, 0, RequestFlags.MAY_UNMAP);
    var recorder = new Recorder(limits, SIZE);
    try (Disk disk = open(recorder, "detect-zeroes", "on")) {
      disk.write(0, 4096, 0);
      disk.write(0, 512, 1);
      assertEquals(List.of("zero 0+4096", "write 0+512"), recorder.requests);
    }
    recorder = new Recorder(limits, SIZE);
    try (Disk disk = open(recorder, "detect-zeroes", "unmap", "discard", "unmap")) {
      disk.write(0, 4096, 0);
      assertEquals(List.of("zero 0+4096 flags " + RequestFlags.MAY_UNMAP), recorder.requests);
    }
  }

  @Test
  void zeroesAreWrittenByADriverThatCannotMakeThem() throws BlockException {
    var recorder = new Recorder(Limits.NONE, SIZE);
    try (Disk disk = open(recorder)) {
      disk.backend().writeZeroes(512, 1024, 0);
      assertEquals(List.of("write 512+1024"), recorder.requests);
      assertArrayEquals(filled(1024, 0), Arrays.copyOfRange(recorder.content, 512, 1536));
      var e =
          assertThrows(
              BlockException.class,
              () -> disk.backend().writeZeroes(0, 512, RequestFlags.NO_FALLBACK));
      assertEquals(Errno.EOPNOTSUPP, e.errno());
    }
  }

  @Test
  void discardsCoverWholeUnitsAndNeedTheUsersWord() throws BlockException {
    Limits limits = Limits.NONE.withDiscard(4096, 8192);
    var recorder = new Recorder(limits, SIZE);
    try (Disk disk = open(recorder)) {
      disk.backend().discard(1000, 20000);
      assertEquals(List.of("discard 4096+8192", "discard 12288+8192"), recorder.requests);
      recorder.failure = Errno.EOPNOTSUPP;
      disk.backend().discard(0, 4096); // advice that the driver need not take
      recorder.failure = null;
    }
    recorder = new Recorder(limits, SIZE);
    try (Disk disk = open(recorder, Disk.WRITABLE.withUnmap(false))) {
      disk.backend().discard(0, 4096);
      assertEquals(List.of(), recorder.requests);
    }
  }

  @Test
  void writesIntoOneBlockDoNotUndoEachOther() throws Exception {
    var recorder = new Recorder(BLOCKS, SIZE);
    try (Disk disk = open(recorder)) {
      var latch = new CountDownLatch(1);
      recorder.writesWaitFor = latch;
      var failure = new AtomicReference<BlockException>();
      Thread first = start(disk, 0, 1, failure);
      while (recorder.requests.size() < 2) {
        Thread.onSpinWait();
      }
      Thread second = start(disk, 512, 2, failure);
      while (second.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      // The second has not read the block that the first is about to write.
      assertEquals(List.of("read 0+4096", "write 0+4096"), recorder.requests);
      latch.countDown();
      first.join();
      second.join();
      assertNull(failure.get());
      assertArrayEquals(filled(512, 1), Arrays.copyOf(recorder.content, 512));
      assertArrayEquals(filled(512, 2), Arrays.copyOfRange(recorder.content, 512, 1024));
      assertEquals(0x11, recorder.content[1024]);
    }
  }

  private static Thread start(
      Disk disk, long offset, int value, AtomicReference<BlockException> failure) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            disk.write(offset, 512, value);
          } catch (BlockException e) {
            failure.set(e);
          }
        });
  }

  @Test
  void requestsBeyondTheEndFail() throws BlockException {
    var recorder = new Recorder(Limits.NONE, SIZE);
    try (Disk disk = open(recorder)) {
      for (long offset : new long[] {-1, SIZE - 511, SIZE, Long.MAX_VALUE - 100}) {
        assertEquals(
            Errno.EIO, assertThrows(BlockException.class, () -> disk.read(offset, 512)).errno());
        assertEquals(
            Errno.EIO,
            assertThrows(BlockException.class, () -> disk.write(offset, 512, 0)).errno());
      }
      assertEquals(List.of(), recorder.requests);
    }
  }
}
