// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.Measurable;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.driver.VmStateStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.util.Arrays;
import java.util.List;

/** What users do with an open image. */
final class Uses {
  private static final int MOST_EXTENTS = 5000;
  private static final int MOST_SNAPSHOTS = 4;

  private final TestDisk disk;
  private final BlockBackend backend;
  private final Steps steps;

  Uses(TestDisk disk, Steps steps) {
    this.disk = disk;
    this.backend = disk.backend();
    this.steps = steps;
  }

  private List<Snapshot> snapshots() throws BlockException {
    var store = disk.node().capability(SnapshotStore.class);
    return store.isEmpty()
        ? List.of()
        : store.get().snapshots().stream().limit(MOST_SNAPSHOTS).toList();
  }

  /** Asks for everything that can be asked without reading the guest's bytes. */
  void inspect() {
    steps.attempt("block status", () -> walk(StatusDetail.ZEROES));
    steps.attempt("block status by layers", () -> walk(StatusDetail.ALLOCATION));
    steps.attempt(
        "format specific information",
        () -> {
          var info = disk.node().capability(ImageInfo.class);
          if (info.isPresent()) {
            info.get().formatSpecific();
            info.get().dirty();
          }
        });
    steps.attempt("allocated size", () -> disk.node().allocatedSize());
    steps.attempt("list bitmaps", () -> disk.node().bitmaps().all().forEach(b -> b.count()));
    steps.attempt("list snapshots", this::snapshots);
    steps.attempt("measure", this::measure);
  }

  private void walk(StatusDetail detail) throws BlockException {
    long length = backend.length();
    long offset = 0;
    for (int i = 0; offset < length && i < MOST_EXTENTS; i++) {
      Extent extent = backend.statusAbove(null, offset, length - offset, detail).extent();
      if (extent.length() <= 0 || extent.length() > length - offset) {
        throw new Violation("an extent of " + extent.length() + " bytes at " + offset, null);
      }
      offset += extent.length();
    }
  }

  private void measure() throws BlockException {
    if (backend.length() <= 1L << 30
        && disk.graph().drivers().require(disk.node().driverName()) instanceof Measurable factory) {
      factory.measure(new BlockOptions(), new ReadSource(backend));
    }
  }

  /** Reads as each snapshot; the image is open for that alone. */
  void loadSnapshots() {
    steps.attempt(
        "load snapshots",
        () -> {
          for (Snapshot snapshot : snapshots()) {
            boolean loaded = steps.attempt("load snapshot", () -> store().loadSnapshot(snapshot));
            if (loaded) {
              Content.of(backend, steps);
            }
          }
        });
  }

  private SnapshotStore store() {
    return disk.node().capability(SnapshotStore.class).orElseThrow();
  }

  /** The guest bytes that {@link #write} may change, of a disk of that length. */
  static boolean isWritten(long length, long offset, long bytes) {
    long eighth = eighth(length);
    return (offset < 3 * eighth && offset + bytes > eighth) || offset + bytes > 7 * eighth;
  }

  private static long eighth(long length) {
    return Math.min(length, Content.BOUND) / 8 & -512;
  }

  /** Writes, zeroes and discards, in the second and third eighth and the last. */
  void write(int pattern) {
    long eighth = eighth(backend.length());
    if (eighth == 0) {
      return;
    }
    byte[] bytes = new byte[(int) eighth];
    Arrays.fill(bytes, (byte) pattern);
    steps.attempt("write a sector", () -> disk.write(eighth + 512, Arrays.copyOf(bytes, 512)));
    steps.attempt("write", () -> disk.write(eighth, bytes));
    steps.attempt(
        "write zeroes", () -> backend.writeZeroes(2 * eighth, eighth / 2, RequestFlags.MAY_UNMAP));
    steps.attempt("write zeroes in place", () -> backend.writeZeroes(2 * eighth, eighth / 4, 0));
    steps.attempt("discard", () -> backend.discard(eighth, 2 * eighth - eighth / 4));
    steps.attempt("flush", backend::flush);
    steps.attempt("write after discard", () -> disk.write(eighth + eighth / 2, bytes));
    steps.attempt("write the end", () -> disk.write(7 * eighth, bytes));
    steps.attempt("write compressed", () -> compressed(eighth, bytes));
    steps.attempt("flush", backend::flush);
  }

  private void compressed(long offset, byte[] bytes) throws BlockException {
    var info = disk.node().capability(ImageInfo.class);
    long cluster = info.isEmpty() ? 0 : info.get().clusterSize();
    long start = cluster == 0 ? 0 : (offset + cluster - 1) / cluster * cluster;
    if (cluster > 0 && start + cluster <= offset + bytes.length) {
      backend.discard(start, cluster);
      backend.write(
          start, IoVector.of(Arrays.copyOf(bytes, (int) cluster)), RequestFlags.COMPRESSED);
    }
  }

  /** Makes a snapshot, writes, and gives it up; the disk's content is what was written. */
  void passThroughSnapshot(int pattern) {
    if (disk.node().capability(SnapshotStore.class).isEmpty()) {
      return;
    }
    var wanted = new Snapshot("", "made", 0, 1_700_000_000, 0, 0, -1, 0);
    var made = new Snapshot[1];
    if (steps.attempt("create snapshot", () -> made[0] = store().createSnapshot(wanted))) {
      write(pattern);
      steps.attempt("delete snapshot", () -> store().deleteSnapshot(made[0]));
      write(pattern + 1);
    }
  }

  /** What changes the whole image. */
  void change() {
    var vmState = disk.node().capability(VmStateStore.class);
    if (vmState.isPresent()) {
      byte[] state = new byte[700];
      steps.attempt("write state", () -> vmState.get().writeVmState(0, IoVector.of(state)));
      steps.attempt("read state", () -> vmState.get().readVmState(0, IoVector.of(state)));
    }
    steps.attempt(
        "snapshots",
        () -> {
          for (Snapshot snapshot : snapshots()) {
            steps.attempt("apply snapshot", () -> store().applySnapshot(snapshot));
            write(0x77);
          }
          if (!snapshots().isEmpty()) {
            Snapshot first = snapshots().getFirst();
            steps.attempt("delete snapshot", () -> store().deleteSnapshot(first));
          }
        });
    resize();
    amend("lazy_refcounts", "on");
    amend("refcount_bits", "32");
    amend("compat", "0.10");
    write(0x66);
  }

  private void resize() {
    long length = backend.length();
    if (length < 1L << 40) {
      steps.attempt("grow", () -> truncate(length + (3 << 20)));
    }
    steps.attempt("shrink", () -> truncate(Math.min(length, Content.BOUND) / 2 & -512));
    write(0x55);
    steps.attempt("grow again", () -> truncate(Math.min(length, Content.BOUND)));
  }

  private void truncate(long length) throws BlockException {
    backend.truncate(length, true, Preallocation.OFF, 0);
  }

  private void amend(String option, String value) {
    var amendable = disk.node().capability(Amendable.class);
    if (amendable.isPresent()) {
      steps.attempt(
          "amend " + option,
          () -> amendable.get().amend(BlockOptions.of(option, value), false, (done, total) -> {}));
    }
  }
}
