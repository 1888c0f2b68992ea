// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.JobStatus;
import dev.strata.block.job.OnError;
import dev.strata.block.job.commit.ActiveCommit;
import dev.strata.block.job.commit.CommitJob;
import dev.strata.block.job.commit.CommitPlan;
import dev.strata.block.job.mirror.MirrorJob;
import dev.strata.block.job.mirror.MirrorPlan;
import dev.strata.block.job.stream.StreamJob;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Block jobs on a disk that is written all the while: what was written is there in the end. */
@Timeout(120)
final class JobsUnderWritersTest {
  private static final int SIZE = 3 * 1024 * Chain.KIB;
  private static final long MORE = 50; // requests of the writer while a job is in a state

  @TempDir Path folder;

  private final WatchedJobs jobs = new WatchedJobs();
  private Chain chain = new Chain(Path.of(""), 0);
  private byte[] content = new byte[0];

  @BeforeEach
  void makeChain() throws BlockException {
    chain = new Chain(folder, 5);
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    byte[] middle = chain.layer("middle", SIZE, "base", base);
    content = chain.layer("top", SIZE, "middle", middle);
  }

  @AfterEach
  void close() {
    jobs.close();
  }

  private static BlockNode below(BlockNode node) {
    Edge backing = Objects.requireNonNull(node.backing());
    return backing.node();
  }

  /** The top, by a user who leaves its size: the other disk of a mirror has one size only. */
  private TestDisk openTop() throws BlockException {
    TestDisk disk = chain.open("top");
    disk.backend()
        .change(
            new Permissions(
                EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE),
                EnumSet.allOf(Permission.class)));
    return disk;
  }

  private static JobSettings settings() {
    return new JobSettings("j", 0, true, false);
  }

  private BlockNode target(TestDisk disk, String... more) throws BlockException {
    TestDisk.create("qcow2", chain.file("target"), "size", Integer.toString(SIZE));
    return chain.open(disk, "target", BlockOptions.of(more));
  }

  private static MirrorJob mirror(
      TestDisk disk, BlockNode target, MirrorPlan.Sync sync, boolean blocking, OnError onTarget)
      throws BlockException {
    BlockNode source = disk.backend().node();
    var plan =
        new MirrorPlan(
            "mirror",
            source,
            target,
            source,
            sync,
            64 * Chain.KIB,
            1 << 20,
            blocking,
            OnError.REPORT,
            onTarget,
            null);
    return MirrorJob.of(
        settings(), plan, List.of(source, target), List.of(), MirrorJob.Preparation.NONE);
  }

  // Mirrors

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theTargetOfAMirrorTakesOverWithAllThatWasWritten(boolean blocking) throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode target = target(disk);
      try (var writer = new Writer(disk.backend(), content, 1)) {
        jobs.start(mirror(disk, target, new MirrorPlan.Sync.Full(), blocking, OnError.REPORT));
        jobs.await("ready");
        writer.awaitMore(MORE);
        jobs.registry().complete("j");
        jobs.await("concluded");
        jobs.assertSucceeded();
        assertSame(target, disk.backend().node());
        writer.awaitMore(MORE);
      }
    }
    assertArrayEquals(content, chain.read("target"));
  }

  @Test
  void aMirrorThatIsCancelledWhenReadyLeavesACopyOfThatMoment() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode source = disk.node();
      BlockNode target = target(disk);
      try (var writer = new Writer(disk.backend(), content, 2)) {
        jobs.start(mirror(disk, target, new MirrorPlan.Sync.Full(), false, OnError.REPORT));
        jobs.await("ready");
        writer.awaitMore(MORE);
      }
      jobs.cancelSoftly();
      jobs.await("concluded");
      jobs.assertSucceeded();
      assertSame(source, disk.backend().node());
    }
    assertArrayEquals(content, chain.read("target"));
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aMirrorThatIsCancelledLeavesTheDiskAsItIs() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode source = disk.node();
      BlockNode target = target(disk);
      try (var writer = new Writer(disk.backend(), content, 3)) {
        jobs.start(mirror(disk, target, new MirrorPlan.Sync.Full(), false, OnError.REPORT));
        writer.awaitMore(MORE);
        jobs.registry().cancel("j");
        jobs.await("concluded");
        assertTrue(jobs.hasHeard("CANCELLED"));
        assertSame(source, disk.backend().node());
        writer.awaitMore(MORE);
      }
      disk.graph().close(target); // nobody uses it any more
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aMirrorOfNothingButNewWritesHasThose() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode target = target(disk);
      jobs.start(mirror(disk, target, new MirrorPlan.Sync.None(null), false, OnError.REPORT));
      jobs.await("ready");
      byte[] written = new byte[64 * Chain.KIB];
      Arrays.fill(written, (byte) 7);
      disk.write(128 * Chain.KIB, written);
      jobs.cancelSoftly();
      jobs.await("concluded");
      jobs.assertSucceeded();
    }
    byte[] expected = new byte[SIZE];
    Arrays.fill(expected, 128 * Chain.KIB, 192 * Chain.KIB, (byte) 7);
    assertArrayEquals(expected, chain.read("target"));
  }

  private BlockNode failingTarget(TestDisk disk, String errno) throws BlockException {
    return target(
        disk,
        "file.driver",
        "blkdebug",
        "file.image.driver",
        "file",
        "file.image.filename",
        chain.file("target").toString(),
        "file.inject-error.0.event",
        "write_aio",
        "file.inject-error.0.errno",
        errno,
        "file.inject-error.0.once",
        "on");
  }

  @Test
  void aTargetThatFailsEndsTheMirrorAndNotTheWriter() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode source = disk.node();
      BlockNode target = failingTarget(disk, "5");
      try (var writer = new Writer(disk.backend(), content, 4)) {
        jobs.start(mirror(disk, target, new MirrorPlan.Sync.Full(), true, OnError.REPORT));
        jobs.await("concluded");
        assertTrue(jobs.hasHeard("write report"));
        BlockException failure = jobs.progress().failure();
        assertNotNull(failure);
        assertEquals(Errno.EIO, failure.errno());
        assertSame(source, disk.backend().node());
        writer.awaitMore(MORE);
      }
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aMirrorThatStopsForWantOfSpaceGoesOnWhenItIsResumed() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode target = failingTarget(disk, "28");
      try (var writer = new Writer(disk.backend(), content, 5)) {
        jobs.start(mirror(disk, target, new MirrorPlan.Sync.Full(), false, OnError.ENOSPC));
        jobs.await("paused");
        assertTrue(jobs.hasHeard("write stop"));
        assertEquals("nospace", jobs.progress().ioStatus().word());
        writer.awaitMore(MORE);
        jobs.resume();
        jobs.await("ready");
        jobs.registry().complete("j");
        jobs.await("concluded");
        jobs.assertSucceeded();
      }
    }
    assertArrayEquals(content, chain.read("target"));
  }

  // Chains

  @Test
  void aStreamedImageNeedsNoBackingFile() throws Exception {
    try (TestDisk disk = openTop()) {
      try (var writer = new Writer(disk.backend(), content, 6)) {
        jobs.start(
            StreamJob.of(
                settings(), new StreamJob.Plan(disk.node(), null, null, OnError.REPORT, null)));
        jobs.await("concluded");
        jobs.assertSucceeded();
        writer.awaitMore(MORE);
      }
      assertNull(disk.node().backing());
      assertSame(disk.node(), disk.backend().node());
    }
    try (TestDisk disk = openTop()) {
      assertNull(disk.node().namedBacking());
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aStreamDownToABaseLeavesTheBase() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode base = below(below(disk.node()));
      try (var writer = new Writer(disk.backend(), content, 7)) {
        jobs.start(
            StreamJob.of(
                settings(), new StreamJob.Plan(disk.node(), base, "base", OnError.REPORT, null)));
        jobs.await("concluded");
        jobs.assertSucceeded();
        writer.awaitMore(MORE);
      }
      assertSame(base, below(disk.node()));
    }
    assertArrayEquals(content, chain.read("top"));
  }

  /** As another job's, which leaves later: no name of such a chain may tell of it. */
  @Test
  void aFilterOverTheBaseOfAStreamIsNoPartOfTheNameAbove() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode base = below(below(disk.node()));
      disk.graph().makeWritable(base, true); // or it could not be put over it
      BlockNode filter = disk.graph().insertFilter(base, BlockOptions.of("driver", "copy-on-read"));
      jobs.start(
          StreamJob.of(
              settings(), new StreamJob.Plan(disk.node(), filter, null, OnError.REPORT, null)));
      jobs.await("concluded");
      jobs.assertSucceeded();
      assertSame(filter, below(disk.node()));
      assertEquals(chain.file("top").toString(), disk.node().filename());
      disk.graph().removeFilter(filter);
      assertSame(base, below(disk.node()));
      assertEquals(chain.file("top").toString(), disk.node().filename());
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void whoComesToWriteDuringAStreamWritesThroughItsFilter() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode top = disk.node();
      jobs.start(
          StreamJob.of(
              new JobSettings("j", 1 << 20, true, false),
              new StreamJob.Plan(top, null, null, OnError.REPORT, null)));
      try (BlockBackend user = disk.graph().use(top, "", disk.backend().permissions());
          var writer = new Writer(user, content, 13)) {
        assertSame(disk.backend().node(), user.node());
        assertNotSame(top, user.node());
        writer.awaitMore(MORE);
        jobs.registry().speed("j", 0);
        jobs.await("concluded");
        jobs.assertSucceeded();
        assertSame(top, user.node());
        writer.awaitMore(MORE);
      }
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aStreamThatIsCancelledChangesNothing() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode middle = below(disk.node());
      try (var writer = new Writer(disk.backend(), content, 8)) {
        jobs.start(
            StreamJob.of(
                new JobSettings("j", 1 << 20, true, false),
                new StreamJob.Plan(disk.node(), null, null, OnError.REPORT, null)));
        writer.awaitMore(MORE);
        jobs.registry().cancel("j");
        jobs.await("concluded");
        assertTrue(jobs.hasHeard("CANCELLED"));
      }
      assertSame(middle, below(disk.node()));
      assertSame(disk.node(), disk.backend().node());
    }
    assertArrayEquals(content, chain.read("top"));
  }

  @Test
  void aCommittedLayerDropsOutOfTheChain() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode middle = below(disk.node());
      BlockNode base = below(middle);
      try (var writer = new Writer(disk.backend(), content, 9)) {
        jobs.start(
            CommitJob.of(
                settings(), new CommitPlan(middle, middle, base, "base", OnError.REPORT, null)));
        jobs.await("concluded");
        jobs.assertSucceeded();
        writer.awaitMore(MORE);
      }
      assertSame(base, below(disk.node()));
      assertFalse(base.flags().writable(), "as it was before");
    }
    assertArrayEquals(content, chain.read("top"));
  }

  /** The stream's base is what the commit takes away in the end, which comes at about its own. */
  @RepeatedTest(25)
  void aStreamDownToACommitsFilterEndsOverTheBaseOfThat() throws Exception {
    byte[] upper = chain.layer("upper", SIZE, "top", content);
    content = chain.layer("uppermost", SIZE, "upper", upper);
    try (TestDisk disk = chain.open("uppermost")) {
      BlockNode middle = below(below(below(disk.node())));
      BlockNode base = below(middle);
      var plan = new CommitPlan(disk.node(), middle, base, null, OnError.REPORT, "filter");
      CommitJob commit = CommitJob.of(new JobSettings("c", 0, true, false), plan);
      BlockNode filter = Objects.requireNonNull(disk.graph().find("filter"));
      StreamJob stream =
          StreamJob.of(
              settings(),
              new StreamJob.Plan(disk.node(), filter, null, OnError.REPORT, "stream-filter"));
      jobs.registry().start(commit);
      jobs.registry().start(stream);
      for (Job job : List.of(commit, stream)) {
        while (jobs.registry().progress(job).status() != JobStatus.CONCLUDED) {
          Thread.onSpinWait();
        }
        assertNull(jobs.registry().progress(job).failure());
      }
      assertSame(base, below(disk.node()));
      jobs.registry().dismiss("c");
    }
    assertArrayEquals(content, chain.read("uppermost"));
  }

  @Test
  void anActiveCommitHasItsUsersUseTheBase() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode base = below(below(disk.node()));
      try (var writer = new Writer(disk.backend(), content, 10)) {
        jobs.start(
            ActiveCommit.of(
                settings(),
                new CommitPlan(disk.node(), disk.node(), base, null, OnError.REPORT, null)));
        jobs.await("ready");
        writer.awaitMore(MORE);
        jobs.registry().complete("j");
        jobs.await("concluded");
        jobs.assertSucceeded();
        assertSame(base, disk.backend().node());
        writer.awaitMore(MORE);
      }
    }
    assertArrayEquals(content, chain.read("base"));
  }

  /** By the name of a node that the filter is over. */
  @Test
  void whoComesToWriteDuringAnActiveCommitIsInTheBaseToo() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode top = disk.node();
      BlockNode base = below(top);
      jobs.start(
          ActiveCommit.of(settings(), new CommitPlan(top, top, base, null, OnError.REPORT, null)));
      jobs.await("ready");
      var all = EnumSet.allOf(Permission.class);
      var reads = new Permissions(EnumSet.of(Permission.CONSISTENT_READ), all);
      try (BlockBackend writer = disk.graph().use(top, "", disk.backend().permissions());
          BlockBackend reader = disk.graph().use(top, "", reads)) {
        write(writer, 0, 7);
        reader.change(disk.backend().permissions());
        write(reader, 1, 8);
        jobs.registry().complete("j");
        jobs.await("concluded");
        jobs.assertSucceeded();
        assertSame(base, writer.node());
        write(writer, 2, 9);
      }
    }
    assertArrayEquals(content, chain.read("middle"));
  }

  private void write(BlockBackend disk, int cluster, int value) throws BlockException {
    byte[] bytes = new byte[64 * Chain.KIB];
    Arrays.fill(bytes, (byte) value);
    disk.write((long) cluster * bytes.length, IoVector.of(bytes), 0);
    System.arraycopy(bytes, 0, content, cluster * bytes.length, bytes.length);
  }

  @Test
  void anActiveCommitThatIsCancelledLeavesTheTop() throws Exception {
    try (TestDisk disk = openTop()) {
      BlockNode base = below(below(disk.node()));
      try (var writer = new Writer(disk.backend(), content, 11)) {
        jobs.start(
            ActiveCommit.of(
                settings(),
                new CommitPlan(disk.node(), disk.node(), base, null, OnError.REPORT, null)));
        jobs.await("ready");
        writer.awaitMore(MORE);
        jobs.registry().cancel("j");
        jobs.await("concluded");
        assertTrue(jobs.hasHeard("CANCELLED"));
        writer.awaitMore(MORE);
      }
      assertSame(disk.node(), disk.backend().node());
      assertFalse(base.flags().writable(), "as it was before");
    }
    assertArrayEquals(content, chain.read("top"));
  }
}
