// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.IoStatus;
import dev.strata.block.job.OnError;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests of a guest's device, of which the first that touches sector 8 fails. */
@Timeout(30)
final class GuestDriveTest {
  private static final int EIO = 5;
  private static final int ENOSPC = 28;

  private final BlockGraph graph = new BlockGraph(DriverRegistry.load(), line -> {});
  private final AtomicLong time = new AtomicLong();
  private final LinkedBlockingQueue<ErrorAction> told = new LinkedBlockingQueue<>();
  private final List<Boolean> trays = new ArrayList<>();

  @AfterEach
  void close() throws BlockException {
    graph.close();
  }

  private BlockBackend faulty(int errno) throws BlockException {
    var options =
        BlockOptions.of(
            "driver",
            "blkdebug",
            "image.driver",
            "null-co",
            "image.size",
            "1M",
            "image.read-zeroes",
            "on",
            "inject-error.0.event",
            "none",
            "inject-error.0.sector",
            "8",
            "inject-error.0.once",
            "on",
            "inject-error.0.errno",
            String.valueOf(errno));
    var node =
        graph.open(
            new OpenRequest(
                null,
                options,
                NodeFlags.READ_ONLY.withWritable(true),
                false,
                false,
                OpenGate.DENY));
    return graph.use(node, "", GuestDrive.permissions(true));
  }

  private GuestDrive drive(
      String name, @Nullable BlockBackend medium, OnError onRead, OnError onWrite) {
    var drive = new GuestDrive(name, DriveSettings.DEFAULT, medium, () -> time.addAndGet(10));
    var errors = new ErrorPolicy(onRead, onWrite);
    drive.use(new GuestDrive.User("/machine/disk", null, MediumSlot.Kind.TRAY, errors));
    drive.listener(
        new DriveListener() {
          @Override
          public void failed(GuestDrive of, Access access, ErrorAction action, BlockException e) {
            told.add(action);
          }

          @Override
          public void trayMoved(GuestDrive of, boolean open) {
            trays.add(open);
          }
        });
    return drive;
  }

  private static void write(GuestDrive drive) throws BlockException {
    drive.write(8 * 512, IoVector.of(new byte[512]), 0);
  }

  private static void read(GuestDrive drive) throws BlockException {
    drive.read(8 * 512, IoVector.of(new byte[512]));
  }

  @Test
  void aFailureIsReported() throws BlockException {
    GuestDrive drive = drive("d", faulty(EIO), OnError.REPORT, OnError.ENOSPC);
    BlockException failure = assertThrows(BlockException.class, () -> write(drive));
    assertEquals(Errno.EIO, failure.errno());
    assertEquals(ErrorAction.REPORT, told.remove());
    assertEquals(IoStatus.OK, drive.ioStatus());
    assertEquals(1, drive.counts().read().failed(Access.WRITE));
    assertEquals(0, drive.counts().read().operations(Access.WRITE));
    write(drive);
    assertEquals(1, drive.counts().read().operations(Access.WRITE));
    assertEquals(512, drive.counts().read().bytes(Access.WRITE));
  }

  @Test
  void aFailureThatIsIgnoredCountsAsDone() throws BlockException {
    GuestDrive drive = drive("d", faulty(EIO), OnError.IGNORE, OnError.REPORT);
    read(drive);
    assertEquals(ErrorAction.IGNORE, told.remove());
    assertEquals(1, drive.counts().read().operations(Access.READ));
    assertEquals(0, drive.counts().read().failed(Access.READ));
  }

  private void holds(GuestDrive drive, Future<?> request, IoStatus status) throws Exception {
    assertEquals(ErrorAction.STOP, told.poll(10, TimeUnit.SECONDS));
    while (!drive.holdsRequests()) {
      Thread.onSpinWait();
    }
    assertEquals(false, request.isDone());
    assertEquals(status, drive.ioStatus());
  }

  @Test
  void aRequestThatIsHeldIsMadeAgainWhenTheMachineGoesOn() throws Exception {
    GuestDrive drive = drive("d", faulty(ENOSPC), OnError.REPORT, OnError.ENOSPC);
    try (var worker = Executors.newSingleThreadExecutor()) {
      Future<?> request =
          worker.submit(() -> {
            write(drive);
            return true;
          });
      holds(drive, request, IoStatus.NOSPACE);
      assertEquals(0, drive.counts().read().failed(Access.WRITE));
      drive.resume();
      assertEquals(true, request.get());
      assertEquals(IoStatus.OK, drive.ioStatus());
      assertEquals(1, drive.counts().read().operations(Access.WRITE));
    }
  }

  @Test
  void aMachineThatGoesOnBeforeTheRequestWaitsIsNotMissed() throws BlockException {
    GuestDrive drive = drive("d", faulty(EIO), OnError.STOP, OnError.STOP);
    drive.listener(
        new DriveListener() {
          @Override
          public void failed(GuestDrive of, Access access, ErrorAction action, BlockException e) {
            of.resume();
          }

          @Override
          public void trayMoved(GuestDrive of, boolean open) {}
        });
    read(drive);
    assertEquals(1, drive.counts().read().operations(Access.READ));
  }

  @Test
  void aResetGivesUpWhatIsHeldAndNothingElse() throws Exception {
    GuestDrive drive = drive("", faulty(EIO), OnError.STOP, OnError.STOP);
    try (var worker = Executors.newSingleThreadExecutor()) {
      Future<?> request =
          worker.submit(() -> assertThrows(BlockException.class, () -> read(drive)));
      holds(drive, request, IoStatus.FAILED);
      drive.abandon();
      assertNotNull(request.get());
      read(drive);
      drive.resume();
      assertEquals(IoStatus.FAILED, drive.ioStatus(), "a drive without a name keeps it");
    }
  }

  @Test
  void aDeviceThatIsBeingResetHasNothingHeld() throws BlockException {
    GuestDrive drive = drive("d", faulty(EIO), OnError.STOP, OnError.STOP);
    drive.abandonAll(true);
    assertThrows(BlockException.class, () -> read(drive));
    drive.abandonAll(false);
    read(drive);
  }

  @Test
  void withoutAMediumNothingIsThere() throws BlockException {
    GuestDrive drive = drive("d", null, OnError.REPORT, OnError.REPORT);
    assertEquals(0, drive.length());
    BlockException failure = assertThrows(BlockException.class, () -> read(drive));
    assertEquals(Errno.ENOMEDIUM, failure.errno());
    drive.insert(faulty(EIO));
    assertEquals(1 << 20, drive.length());
    drive.remove();
    assertNull(drive.medium());
    assertTrue(graph.nodes().isEmpty(), "who opened the node left it to the drive");
  }

  @Test
  void aRequestThatIsHeldLetsTheMediumBeChanged() throws Exception {
    GuestDrive drive = drive("d", faulty(EIO), OnError.STOP, OnError.STOP);
    try (var worker = Executors.newSingleThreadExecutor()) {
      Future<?> request =
          worker.submit(() -> {
            read(drive);
            return true;
          });
      holds(drive, request, IoStatus.FAILED);
      drive.remove();
      BlockBackend other = faulty(EIO);
      assertThrows(BlockException.class, () -> other.read(8 * 512, IoVector.of(new byte[1]), 0));
      drive.insert(other);
      drive.resume();
      assertEquals(true, request.get());
    }
  }

  @Test
  void onlyATrayThatMovesIsToldOf() throws BlockException {
    GuestDrive drive = drive("d", null, OnError.REPORT, OnError.REPORT);
    assertTrue(drive.moveTray(true));
    assertEquals(false, drive.moveTray(true));
    assertTrue(drive.moveTray(false));
    assertEquals(List.of(true, false), trays);
  }

  @Test
  void timeIsCountedByKindOfRequest() throws BlockException {
    GuestDrive drive = drive("d", faulty(EIO), OnError.REPORT, OnError.REPORT);
    assertEquals(-1, drive.counts().read().idleNanos());
    drive.counts().histogram(Access.READ, LatencyHistogram.of(List.of(5L, 15L)));
    drive.read(0, IoVector.of(new byte[1024]));
    drive.read(0, IoVector.of(new byte[512]));
    drive.flush();
    drive.discard(0, 4096);
    drive.writeZeroes(65536, 8192, 0);
    drive.invalid(Access.WRITE);
    DriveCounts.Reading now = drive.counts().read();
    assertEquals(1536, now.bytes(Access.READ));
    assertEquals(2, now.operations(Access.READ));
    assertEquals(20, now.nanos(Access.READ)); // the clock moves by 10 each time it is asked
    assertEquals(1, now.operations(Access.FLUSH));
    assertEquals(4096, now.bytes(Access.UNMAP));
    assertEquals(8192, now.bytes(Access.WRITE));
    assertEquals(1, now.invalid(Access.WRITE));
    assertEquals(10, now.idleNanos());
    LatencyHistogram histogram = now.histogram(Access.READ);
    assertNotNull(histogram);
    assertArrayEquals(new long[] {0, 2, 0}, histogram.bins());
    assertNull(now.histogram(Access.WRITE));
  }
}
