// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.copy.BackingSwitch;
import dev.strata.block.copy.LayerCommit;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.BitmapStore;
import dev.strata.block.driver.Emptiable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Does things to an image over a recording layer and keeps account of them. What the image's format
 * does not support is left out.
 */
final class Guest implements AutoCloseable {
  private static final String[][] AMENDMENTS = {
    {"refcount_bits", "32"},
    {"lazy_refcounts", "on"},
    {"refcount_bits", "16"},
    {"lazy_refcounts", "off"},
    {"compat", "0.10"},
    {"compat", "1.1"}
  };
  private static final String BELOW = "below";
  private static final int MIN_CLUSTERS = 8;

  /** Blocks side by side. */
  record Range(int first, int count) {}

  private final ImageKind kind;
  private final Stage stage;
  private final Recording recording;
  private final Random random;
  private final GuestModel model;
  private final Map<String, long[]> bitmaps = new TreeMap<>(); // what the disk held at first
  private BlockBackend disk;
  private String backing;
  private int writes;
  private int snapshots;
  private int amendments;
  private int start; // of the operation that is being carried out, in events

  /**
   * Opens the image of a stage.
   *
   * @param backing the name of its backing file; empty if it has none
   */
  Guest(
      ImageKind kind, Stage stage, Recording recording, GuestModel model, String backing, long seed)
      throws BlockException {
    this.kind = kind;
    this.stage = stage;
    this.recording = recording;
    this.model = model;
    this.backing = backing;
    this.random = new Random(seed);
    this.writes = 16;
    this.amendments = random.nextInt(AMENDMENTS.length);
    this.disk = open(false);
  }

  private BlockBackend open(boolean again) throws BlockException {
    var options = new ArrayList<>(List.of("driver", kind.format()));
    recorded(options, "file", Stage.IMAGE, again);
    if (kind.has(ImageKind.Trait.DATA_FILE)) {
      recorded(options, "data-file", Stage.DATA, again);
    }
    options.addAll(Stage.openOptions(kind.format()));
    if (!backing.isEmpty()) {
      var below = new ArrayList<>(List.of("driver", "qcow2"));
      recorded(below, "file", backing, again);
      stage.openNamed(BELOW, NodeFlags.READ_ONLY, below.toArray(String[]::new));
      options.addAll(List.of("backing", BELOW));
    }
    return stage.open(Stage.WRITABLE, options.toArray(String[]::new));
  }

  private static void recorded(List<String> options, String edge, String name, boolean again) {
    options.addAll(
        List.of(
            edge + ".driver",
            "blklogwrites",
            edge + ".log-super-update-interval",
            "1",
            edge + ".log-append",
            again ? "on" : "off",
            edge + ".file.driver",
            "file",
            edge + ".file.filename",
            name,
            edge + ".log.driver",
            "file",
            edge + ".log.filename",
            name + Recording.LOG));
  }

  /** What each bitmap that was added began with. */
  Map<String, long[]> bitmaps() {
    return bitmaps;
  }

  /** Carries an operation out. */
  void run(Operation operation) throws BlockException {
    start = recording.size();
    operation.on(this);
    long[] now = Stage.values(disk);
    int difference = Arrays.mismatch(now, model.values());
    if (difference >= 0) {
      throw new Violation(
          "block "
              + difference
              + " reads "
              + Long.toHexString(now[difference])
              + " after "
              + operation.word());
    }
  }

  private int end() {
    return recording.size();
  }

  // Ranges: few places, so that operations meet.

  private int hotCluster() {
    int clusters = model.length() / kind.clusterBlocks();
    int[] hot = {0, 3, 6, clusters / 2 - 1};
    return Math.min(hot[random.nextInt(hot.length)], Math.max(0, clusters - 4));
  }

  private Range range(int first, int count) {
    return new Range(first, Math.min(count, model.length() - first));
  }

  /** One cluster. */
  Range cluster() {
    return range(hotCluster() * kind.clusterBlocks(), kind.clusterBlocks());
  }

  /** Less than a cluster, if there is less. */
  Range part() {
    int blocks = kind.clusterBlocks();
    return range(hotCluster() * blocks + blocks / 4, Math.max(1, blocks / 2));
  }

  /** The end of a cluster, a whole one and the beginning of the next. */
  Range across() {
    int blocks = kind.clusterBlocks();
    return range(hotCluster() * blocks + blocks / 2, Math.max(2, 2 * blocks));
  }

  // Operations

  void write(Range range) throws BlockException {
    var values = new long[range.count];
    int number = writes++;
    for (int i = 0; i < values.length; i++) {
      values[i] = (long) number << 32 | (range.first + i + 1);
    }
    put(range, values);
    for (int i = 0; i < values.length; i++) {
      model.written(range.first + i, values[i], start);
    }
  }

  private void put(Range range, long[] values) throws BlockException {
    long offset = (long) range.first * GuestModel.BLOCK;
    byte[] bytes = Stage.bytes(values);
    int flags = canCompress(offset, bytes.length) ? RequestFlags.COMPRESSED : 0;
    disk.write(offset, IoVector.of(bytes), flags);
  }

  private boolean canCompress(long offset, int length) throws BlockException {
    if (!kind.has(ImageKind.Trait.COMPRESSED)
        || offset % kind.clusterSize() != 0
        || length != kind.clusterSize()) {
      return false;
    }
    Extent there = disk.status(offset, length, StatusDetail.ALLOCATION);
    return there.compressed() || there.fileOffset() < 0;
  }

  void zero(Range range) throws BlockException {
    disk.writeZeroes(
        (long) range.first * GuestModel.BLOCK,
        (long) range.count * GuestModel.BLOCK,
        random.nextBoolean() ? RequestFlags.MAY_UNMAP : 0);
    for (int i = 0; i < range.count; i++) {
      model.written(range.first + i, 0, start);
    }
  }

  void discard(Range range) throws BlockException {
    disk.discard((long) range.first * GuestModel.BLOCK, (long) range.count * GuestModel.BLOCK);
    long[] now = Stage.values(disk);
    long[] below = backing.isEmpty() ? new long[0] : stage.values("qcow2", backing);
    for (int i = range.first; i < range.first + range.count; i++) {
      long shining = i < below.length ? below[i] : 0;
      if (now[i] != model.value(i) && now[i] != 0 && now[i] != shining) {
        throw new Violation("block " + i + " reads wrong after it was discarded");
      }
      // What it reads as is open until it is on stable storage.
      model.written(i, 0, start);
      model.written(i, shining, start);
      model.written(i, now[i], start);
    }
  }

  void flush() throws BlockException {
    disk.flush();
    model.flushed(end());
  }

  private @Nullable SnapshotStore store() {
    return disk.node().capability(SnapshotStore.class).orElse(null);
  }

  void createSnapshot() throws BlockException {
    SnapshotStore store = store();
    if (store == null || kind.has(ImageKind.Trait.DATA_FILE)) {
      return;
    }
    String name = "s" + snapshots++;
    store.createSnapshot(new SnapshotStore.Snapshot("", name, 0, 0, 0, 0, -1, disk.length()));
    model.snapshotCreated(name, start, end());
  }

  private static SnapshotStore.@Nullable Snapshot last(@Nullable SnapshotStore store)
      throws BlockException {
    return store == null || store.snapshots().isEmpty() ? null : store.snapshots().getLast();
  }

  void applySnapshot() throws BlockException {
    SnapshotStore store = store();
    SnapshotStore.Snapshot snapshot = last(store);
    if (store == null || snapshot == null || !bitmaps.isEmpty() || !model.knows(snapshot.name())) {
      return; // bitmaps would not know what changes
    }
    store.applySnapshot(snapshot);
    long[] values = model.snapshot(snapshot.name());
    if (values.length != model.length()) {
      reopen(backing); // the graph does not know of the other length
      model.resized(values.length, start, end());
    }
    for (int i = 0; i < values.length; i++) {
      model.written(i, values[i], start);
    }
  }

  void deleteSnapshot() throws BlockException {
    SnapshotStore store = store();
    SnapshotStore.Snapshot snapshot = last(store);
    if (store == null || snapshot == null) {
      return;
    }
    store.deleteSnapshot(snapshot);
    model.snapshotDeleted(snapshot.name(), start, end());
  }

  private boolean isVersion2() {
    return kind.isQcow2() && stage.files().get(Stage.IMAGE).toBytes()[7] == 2;
  }

  /** By that many clusters and a block. */
  void resize(int clusters) throws BlockException {
    int blocks = model.length() + clusters * kind.clusterBlocks() + Integer.signum(clusters);
    boolean kept = isVersion2() && !model.snapshotNames().isEmpty();
    if (!kind.isQcow2()
        || kept
        || blocks < MIN_CLUSTERS * kind.clusterBlocks()
        || blocks > 2 * kind.blocks()) {
      return;
    }
    disk.truncate((long) blocks * GuestModel.BLOCK, true, Preallocation.OFF, 0);
    int before = model.length();
    long[] below = backing.isEmpty() ? new long[0] : stage.values("qcow2", backing);
    for (int i = blocks; i < before; i++) {
      // Cut off, perhaps before the length is.
      model.written(i, 0, start);
      model.written(i, i < below.length ? below[i] : 0, start);
    }
    model.resized(blocks, start, end());
  }

  void commit() throws BlockException {
    Edge below = disk.node().backing();
    if (below == null) {
      return;
    }
    model.backingChanged(start);
    try (LayerCommit commit = LayerCommit.prepare(disk, below.node(), 1, 0, (done, total) -> {})) {
      commit.run();
    }
    Emptiable emptiable = disk.node().capability(Emptiable.class).orElse(null);
    if (emptiable != null) {
      emptiable.makeEmpty();
    }
  }

  void rebase() throws BlockException {
    BackingEditable editable = disk.node().capability(BackingEditable.class).orElse(null);
    if (editable == null || kind.options().contains("data_file_raw")) {
      return;
    }
    String next = backing.equals(Stage.OTHER) ? Stage.BASE : Stage.OTHER;
    Edge edge = disk.node().backing();
    BlockNode old = edge == null ? null : edge.node();
    var shared = Stage.READ;
    try (BlockBackend oldBacking = old == null ? null : stage.graph().use(old, "", shared);
        BlockBackend newBacking = stage.open("qcow2", next, NodeFlags.READ_ONLY)) {
      new BackingSwitch(disk, oldBacking, newBacking, null, 1, share -> {}).run();
    }
    model.backingChanged(start);
    editable.changeBacking(new BackingReference(next, "qcow2"));
    reopen(next);
  }

  /** Closes the image and opens it again. */
  private void reopen(String nextBacking) throws BlockException {
    disk.close();
    backing = nextBacking;
    model.flushed(end());
    disk = open(true);
  }

  void addBitmap() throws BlockException {
    BitmapStore store = disk.node().capability(BitmapStore.class).orElse(null);
    if (store == null || !store.keepsBitmaps() || bitmaps.size() > 1) {
      return;
    }
    String name = "b" + writes++;
    store.checkNewBitmap(name, GuestModel.BLOCK);
    var bitmap = new DirtyBitmap(name, GuestModel.BLOCK, disk.length());
    bitmap.keep(true);
    disk.node().bitmaps().add(bitmap);
    bitmaps.put(name, model.values());
    reopen(backing);
  }

  void removeBitmap() throws BlockException {
    for (DirtyBitmap bitmap : List.copyOf(disk.node().bitmaps().all())) {
      disk.node().bitmaps().remove(bitmap);
      bitmaps.remove(bitmap.name());
      reopen(backing);
      return;
    }
  }

  void amend() throws BlockException {
    Amendable amendable = disk.node().capability(Amendable.class).orElse(null);
    if (amendable == null) {
      return;
    }
    String[] options = AMENDMENTS[amendments++ % AMENDMENTS.length];
    boolean down = options[1].equals("0.10");
    try {
      amendable.amend(BlockOptions.of(options), false, (done, total) -> {});
      if (down) {
        bitmaps.clear(); // version 2 keeps none
      }
    } catch (BlockException e) {
      // Of this version or with these refcounts it cannot be.
      if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    }
  }

  /** Closes the image: all is on stable storage then. */
  @Override
  public void close() throws BlockException {
    start = recording.size();
    disk.close();
    model.flushed(end());
  }
}
