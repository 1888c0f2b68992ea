// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.OnError;
import dev.strata.block.job.backup.BackupJob;
import dev.strata.block.job.backup.BackupPlan;
import dev.strata.block.job.backup.BackupPlan.BitmapMode;
import dev.strata.block.job.backup.BackupPlan.Sync;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backups of a disk that is written all the while: each is of the moment when it began. */
@Timeout(120)
final class BackupsUnderWritersTest {
  private static final int SIZE = 3 * 1024 * Chain.KIB;
  private static final int CLUSTER = 64 * Chain.KIB;
  private static final long MORE = 50; // requests of the writer while a job is in a state

  @TempDir Path folder;

  private final WatchedJobs jobs = new WatchedJobs();
  private Chain chain = new Chain(Path.of(""), 0);
  private byte[] content = new byte[0];
  private byte[] moment = new byte[0]; // the content when the job was made

  @BeforeEach
  void makeChain() throws BlockException {
    chain = new Chain(folder, 5);
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    content = chain.layer("top", SIZE, "base", base);
  }

  @AfterEach
  void close() {
    jobs.close();
  }

  /** A new image. */
  private BlockNode target(TestDisk disk, String name, String backing) throws BlockException {
    var options = new ArrayList<>(List.of("size", Integer.toString(SIZE)));
    if (!backing.isEmpty()) {
      options.addAll(List.of("backing_file", backing, "backing_fmt", "qcow2"));
    }
    TestDisk.create("qcow2", chain.file(name), options.toArray(String[]::new));
    return chain.open(disk, name, new BlockOptions());
  }

  /** A new image, one write to whose file fails. */
  private BlockNode failingTarget(TestDisk disk, String errno) throws BlockException {
    return failingTarget(disk, errno, "on");
  }

  private BlockNode failingTarget(TestDisk disk, String errno, String once) throws BlockException {
    TestDisk.create("qcow2", chain.file("target"), "size", Integer.toString(SIZE));
    return chain.open(
        disk,
        "target",
        BlockOptions.of(
            "file.driver",
            "blkdebug",
            "file.image.driver",
            "file",
            "file.image.filename",
            chain.file("target").toString(),
            "file.inject-error.0.event",
            "write_aio",
            "file.inject-error.0.state",
            "2",
            "file.set-state.0.event",
            "write_aio",
            "file.set-state.0.state",
            "1",
            "file.set-state.0.new_state",
            "2",
            "file.inject-error.0.errno",
            errno,
            "file.inject-error.0.once",
            once));
  }

  private static DirtyBitmap bitmap(TestDisk disk) throws BlockException {
    var bitmap = new DirtyBitmap("b", CLUSTER, SIZE);
    disk.node().bitmaps().add(bitmap);
    return bitmap;
  }

  private static BackupPlan plan(
      TestDisk disk,
      BlockNode target,
      Sync sync,
      @Nullable DirtyBitmap bitmap,
      BitmapMode mode,
      OnError onError) {
    return new BackupPlan(
        disk.node(), target, sync, bitmap, mode, false, onError, onError, null, 4, 0);
  }

  private static BackupPlan plan(
      TestDisk disk, BlockNode target, Sync sync, @Nullable DirtyBitmap bitmap) {
    return plan(disk, target, sync, bitmap, BitmapMode.ON_SUCCESS, OnError.REPORT);
  }

  /** Begins between two requests of the writer. */
  private void begin(Writer writer, BackupPlan plan) throws Exception {
    writer.between(() -> begin(plan));
  }

  /** While nobody writes. */
  private void begin(BackupPlan plan) throws BlockException {
    moment = content.clone();
    jobs.start(BackupJob.of(new JobSettings("j", 0, true, false), plan));
  }

  private byte[] back(Writer writer, TestDisk disk, BackupPlan plan) throws Exception {
    begin(writer, plan);
    return finish(disk, plan.target());
  }

  private byte[] finish(TestDisk disk, BlockNode target) throws Exception {
    jobs.await("concluded");
    jobs.assertSucceeded();
    disk.graph().close(target);
    jobs.dismiss();
    return moment;
  }

  @Test
  void aBackupIsOfTheMomentWhenItBegan() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      BlockNode target = target(disk, "target", "");
      try (var writer = new Writer(disk.backend(), content, 12)) {
        writer.awaitMore(MORE);
        byte[] before = back(writer, disk, BackupPlan.full(disk.node(), target));
        writer.awaitMore(MORE);
        assertSame(disk.node(), disk.backend().node());
        assertArrayEquals(before, chain.read("target"));
      }
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aBackupOntoWhatTheDiskReadsIsRefused() throws Exception {
    chain.layer("other", SIZE, "", new byte[0]);
    try (TestDisk disk = chain.open("other")) {
      BlockNode base = chain.open(disk, "base", new BlockOptions());
      BlockNode top = chain.open(disk, "top", BlockOptions.of("backing", "base")); // nobody uses it
      String message =
          assertThrows(BlockException.class, () -> begin(BackupPlan.full(top, base))).getMessage();
      assertTrue(message.startsWith("Permission conflict on node 'base'"), message);
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void twoIncrementalBackupsUponAFullOneAreEachOfTheirMoment() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      DirtyBitmap bitmap = bitmap(disk);
      try (var writer = new Writer(disk.backend(), content, 21)) {
        writer.awaitMore(MORE);
        byte[] full = back(writer, disk, plan(disk, target(disk, "full", ""), Sync.FULL, bitmap));
        byte[] first =
            back(writer, disk, plan(disk, target(disk, "first", "full"), Sync.BITMAP, bitmap));
        writer.awaitMore(MORE);
        byte[] second =
            back(writer, disk, plan(disk, target(disk, "second", "first"), Sync.BITMAP, bitmap));
        assertArrayEquals(full, chain.read("full"));
        assertArrayEquals(first, chain.read("first"));
        assertArrayEquals(second, chain.read("second"));
      }
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aBackupOfTheTopLeavesOutWhatTheBackingFileHas() throws Exception {
    content = chain.layer("over", SIZE, "top", content);
    try (TestDisk disk = chain.open("over")) {
      BlockNode target = target(disk, "target", "top");
      var backed = new AtomicReference<boolean[]>();
      try (var writer = new Writer(disk.backend(), content, 22)) {
        writer.awaitMore(MORE);
        writer.between(() -> {
          backed.set(backed(disk));
          begin(plan(disk, target, Sync.TOP, null));
        });
        byte[] before = finish(disk, target);
        writer.awaitMore(MORE);
        assertArrayEquals(before, chain.read("target"));
      }
      try (TestDisk copy = chain.open("target")) {
        assertArrayEquals(backed.get(), backed(copy));
      }
    }
    assertArrayEquals(content, chain.read("over"));
  }

  /** For each cluster whether the image has it from its backing file. */
  private static boolean[] backed(TestDisk disk) throws BlockException {
    var backed = new boolean[SIZE / CLUSTER];
    for (int i = 0; i < backed.length; i++) {
      long offset = (long) i * CLUSTER;
      backed[i] = !disk.backend().status(offset, CLUSTER, StatusDetail.ALLOCATION).allocated();
    }
    return backed;
  }

  @Test
  void aBackupOfNothingButWhatChangesHasThatAsItWas() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      BlockNode target = target(disk, "target", "");
      try (var writer = new Writer(disk.backend(), content, 23)) {
        begin(writer, plan(disk, target, Sync.NONE, null));
        writer.awaitMore(MORE);
      }
      jobs.cancelSoftly();
      jobs.await("concluded");
      assertTrue(jobs.hasHeard("CANCELLED"));
      disk.graph().close(target);
      byte[] kept = chain.read("target");
      int changed = 0;
      for (int at = 0; at < SIZE; at += CLUSTER) {
        if (!Arrays.equals(moment, at, at + CLUSTER, content, at, at + CLUSTER)) {
          changed++;
          assertArrayEquals(
              Arrays.copyOfRange(moment, at, at + CLUSTER),
              Arrays.copyOfRange(kept, at, at + CLUSTER));
        }
      }
      assertTrue(changed > 0);
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aCompressedBackupIsOfItsMomentToo() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      BlockNode target = target(disk, "target", "");
      var plan =
          new BackupPlan(
              disk.node(),
              target,
              Sync.FULL,
              null,
              BitmapMode.NEVER,
              true,
              OnError.REPORT,
              OnError.REPORT,
              null,
              4,
              2 * CLUSTER);
      Arrays.fill(content, 0, CLUSTER, (byte) 7);
      disk.write(0, Arrays.copyOf(content, CLUSTER));
      moment = content.clone();
      BackupJob job = BackupJob.of(new JobSettings("j", 0, true, false), plan);
      try (var _ = new Writer(disk.backend(), content, 24)) {
        jobs.start(job);
        jobs.await("concluded");
        jobs.assertSucceeded();
      }
      disk.graph().close(target);
      assertArrayEquals(moment, chain.read("target"));
      try (TestDisk copy = chain.open("target")) {
        assertTrue(copy.backend().status(0, SIZE, StatusDetail.ALLOCATION).compressed());
      }
    }
  }

  @Test
  void aBackupThatFailsLeavesAllDirtyThatWas() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      DirtyBitmap bitmap = bitmap(disk);
      bitmap.mark(0, SIZE / 2);
      // All writes but the first, as a single failure may be met by a writer's copy alone.
      BlockNode target = failingTarget(disk, "5", "off");
      try (var writer = new Writer(disk.backend(), content, 25)) {
        begin(
            writer, plan(disk, target, Sync.BITMAP, bitmap, BitmapMode.ON_SUCCESS, OnError.REPORT));
        jobs.await("concluded");
      } catch (AssertionError e) {
        assertNotNull(e.getCause()); // a writer's copy may fail, too
      }
      assertTrue(bitmap.nextClean(0, SIZE / 2).isEmpty());
      assertFalse(bitmap.busy());
      assertEquals(Errno.EIO, jobs.failure().errno());
      try {
        disk.graph().close(target);
      } catch (BlockException e) {
        assertEquals(Errno.EIO, e.errno()); // what its tables still hold fails alike
      }
    }
  }

  @Test
  void whatABackupThatFailedHasCopiedNeedNotBeCopiedAgain() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      DirtyBitmap bitmap = bitmap(disk);
      bitmap.mark(0, SIZE);
      BlockNode target = failingTarget(disk, "5");
      moment = content.clone();
      var always = plan(disk, target, Sync.BITMAP, bitmap, BitmapMode.ALWAYS, OnError.REPORT);
      jobs.start(BackupJob.of(new JobSettings("j", 0, true, false), always));
      jobs.await("concluded");
      assertEquals(Errno.EIO, jobs.failure().errno());
      jobs.dismiss();
      long rest = bitmap.count();
      assertTrue(rest > 0 && rest < SIZE, "still to be copied: " + rest);
      try (var writer = new Writer(disk.backend(), content, 26)) {
        writer.awaitMore(MORE);
        byte[] before = back(writer, disk, always);
        assertArrayEquals(before, chain.read("target"));
      }
    }
  }

  @Test
  void aBackupThatIgnoresAFailureTriesAgain() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      BlockNode target = failingTarget(disk, "5");
      moment = content.clone();
      var plan = plan(disk, target, Sync.FULL, null, BitmapMode.NEVER, OnError.IGNORE);
      jobs.start(BackupJob.of(new JobSettings("j", 0, true, false), plan));
      jobs.await("concluded");
      jobs.assertSucceeded();
      assertTrue(jobs.hasHeard("write ignore"));
      disk.graph().close(target);
      assertArrayEquals(moment, chain.read("target"));
    }
  }

  @Test
  void aBackupThatStopsForWantOfSpaceGoesOnWhenItIsResumed() throws Exception {
    try (TestDisk disk = chain.open("top")) {
      BlockNode target = failingTarget(disk, "28");
      var plan = plan(disk, target, Sync.FULL, null, BitmapMode.NEVER, OnError.ENOSPC);
      moment = content.clone();
      jobs.start(BackupJob.of(new JobSettings("j", 0, true, false), plan));
      jobs.await("paused");
      assertTrue(jobs.hasHeard("write stop"));
      try (var writer = new Writer(disk.backend(), content, 27)) {
        writer.awaitMore(MORE);
        jobs.resume();
        jobs.await("concluded");
        jobs.assertSucceeded();
      }
      disk.graph().close(target);
      assertArrayEquals(moment, chain.read("target"));
    }
    assertArrayEquals(content, chain.read("top"));
  }
}
