// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.OnError;
import dev.strata.block.job.backup.BackupJob;
import dev.strata.block.job.backup.BackupPlan;
import dev.strata.block.job.mirror.MirrorJob;
import dev.strata.block.job.mirror.MirrorPlan;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Copies of a disk of a tebibyte with a few MiB in it: the copy takes no more than the disk. */
@Timeout(60)
final class SparseMirrorsTest {
  private static final long TEBIBYTE = 1L << 40;
  private static final int PIECE = 1 << 20;
  private static final int PIECES = 8;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "raw, qcow2, mirror",
    "qcow2, raw, mirror",
    "qcow2, qcow2, mirror",
    "raw, qcow2, backup",
    "qcow2, raw, backup"
  })
  void theCopyIsAsThinAsTheDisk(String from, String to, String type) throws Exception {
    Path sourceFile = folder.resolve("source");
    Path targetFile = folder.resolve("target");
    TestDisk.create(from, sourceFile, "size", Long.toString(TEBIBYTE));
    TestDisk.create(to, targetFile, "size", Long.toString(TEBIBYTE));
    byte[] piece = new byte[PIECE];
    new Random(1).nextBytes(piece);
    try (TestDisk disk = TestDisk.open(sourceFile, "driver", from);
        var jobs = new WatchedJobs()) {
      disk.backend()
          .change(
              new Permissions(
                  EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE),
                  EnumSet.allOf(Permission.class)));
      for (int i = 0; i < PIECES; i++) {
        disk.write(i * (TEBIBYTE / PIECES), piece);
      }
      BlockNode target =
          disk.graph()
              .open(
                  new OpenRequest(
                      targetFile.toString(),
                      BlockOptions.of("driver", to),
                      NodeFlags.READ_ONLY.withWritable(true),
                      false,
                      false,
                      OpenGate.SAME_FOLDER));
      target.keep(true);
      jobs.start(type.equals("mirror") ? mirror(disk, target) : backup(disk, target));
      if (type.equals("mirror")) {
        jobs.await("ready");
        jobs.registry().complete("j");
      }
      jobs.await("concluded");
      jobs.assertSucceeded();
      long taken = target.allocatedSize();
      assertTrue(taken < 2L * PIECES * PIECE, "takes " + taken);
    }
    try (TestDisk copy = TestDisk.open(targetFile, "driver", to)) {
      for (int i = 0; i < PIECES; i++) {
        assertArrayEquals(piece, copy.read(i * (TEBIBYTE / PIECES), PIECE));
      }
    }
  }

  private static Job mirror(TestDisk disk, BlockNode target) throws Exception {
    var plan =
        new MirrorPlan(
            "mirror",
            disk.node(),
            target,
            disk.node(),
            new MirrorPlan.Sync.Full(),
            64 << 10,
            16 << 20,
            false,
            OnError.REPORT,
            OnError.REPORT,
            null);
    return MirrorJob.of(
        new JobSettings("j", 0, true, false),
        plan,
        List.of(disk.node(), target),
        List.of(),
        MirrorJob.Preparation.NONE);
  }

  private static Job backup(TestDisk disk, BlockNode target) throws Exception {
    return BackupJob.of(new JobSettings("j", 0, true, false), BackupPlan.full(disk.node(), target));
  }
}
