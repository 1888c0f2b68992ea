// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.testimages.crash.GuestModel;
import dev.strata.testimages.crash.ImageKind;
import dev.strata.testimages.crash.Judge;
import dev.strata.testimages.crash.PreparedImage;
import dev.strata.testimages.crash.Stage;
import dev.strata.testimages.crash.Violation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One image, what its users do to it at once, and whether that can be. Thread-safe but for {@link
 * #judge}.
 */
final class Contest {
  /** More snapshots than these nobody takes. */
  static final int MAX_SNAPSHOTS = 16;

  /** What makes it easy to tell what a block may hold. */
  private static final Set<Access.Kind> PLAIN =
      EnumSet.of(
          Access.Kind.READ,
          Access.Kind.WRITE,
          Access.Kind.ZERO,
          Access.Kind.DISCARD,
          Access.Kind.FLUSH);

  private final ImageKind kind;
  private final Stage stage;
  private final BlockBackend disk;
  private final AtomicInteger clock = new AtomicInteger();
  private final AtomicLong writes = new AtomicLong(0x100);
  private final AtomicInteger snapshots = new AtomicInteger();
  private final Map<String, Integer> numbers = Collections.synchronizedMap(new TreeMap<>());
  private final List<Access> accesses = Collections.synchronizedList(new ArrayList<>());
  private final long[] below; // what the backing file holds
  private long[] before; // what the disk held at first, ABSENT behind its end
  private long[][] kept; // what the snapshots held at first
  private volatile int floor; // blocks that are there all the time

  /**
   * Opens the image of a stage.
   *
   * @param prepared what it holds
   * @param options to open it with, beside those it needs
   */
  Contest(ImageKind kind, Stage stage, PreparedImage prepared, String... options)
      throws BlockException {
    this.kind = kind;
    this.stage = stage;
    var all = new ArrayList<>(List.of("driver", kind.format()));
    all.addAll(List.of("file.driver", "file", "file.filename", Stage.IMAGE));
    all.addAll(Stage.openOptions(kind.format()));
    if (kind.has(ImageKind.Trait.DATA_FILE)) {
      all.addAll(List.of("data-file.driver", "file", "data-file.filename", Stage.DATA));
    }
    all.addAll(List.of(options));
    this.disk = stage.open(Stage.WRITABLE, all.toArray(String[]::new));
    boolean backed = kind.has(ImageKind.Trait.BACKING);
    this.below = backed ? stage.values("qcow2", Stage.BASE) : new long[0];
    this.before = withRoom(prepared.values());
    this.floor = prepared.values().length;
    this.kept = new long[MAX_SNAPSHOTS][];
    if (prepared.snapshot().length > 0) {
      numbers.put(PreparedImage.FIRST_SNAPSHOT, 0);
      kept[snapshots.getAndIncrement()] = withRoom(prepared.snapshot());
    }
  }

  private long[] withRoom(long[] values) {
    long[] all = Arrays.copyOf(values, Math.max(values.length, 2 * kind.blocks()));
    Arrays.fill(all, values.length, all.length, BlockHistory.ABSENT);
    return all;
  }

  ImageKind kind() {
    return kind;
  }

  /** Whether snapshots can be taken. */
  boolean hasSnapshots() {
    return kind.isQcow2() && !kind.has(ImageKind.Trait.DATA_FILE);
  }

  /** Blocks below this are there all the time. */
  int floor() {
    return floor;
  }

  /** From now on the disk may be as short as that. */
  void floor(int blocks) {
    floor = blocks;
  }

  /** The disk's length now, in blocks. */
  int length() {
    return (int) (disk.length() / GuestModel.BLOCK);
  }

  /** One that throws what the block layer throws. */
  private interface Work {
    void run() throws BlockException;
  }

  private void access(int user, Access.Kind what, int first, int count, long[] values, Work work) {
    access(user, what, first, count, values, -1, false, work);
  }

  private void access(
      int user,
      Access.Kind what,
      int first,
      int count,
      long[] values,
      int snapshot,
      boolean mayFail,
      Work work) {
    int start = clock.incrementAndGet();
    boolean failed = false;
    try {
      work.run();
    } catch (BlockException e) {
      boolean cut = first + count > floor && e.errno() == Errno.EIO;
      if (!cut && !mayFail) {
        throw new Violation("user " + user + " cannot " + what, e);
      }
      failed = true;
    }
    int end = clock.incrementAndGet();
    accesses.add(new Access(user, what, first, count, values, snapshot, start, end, failed));
  }

  void read(int user, int first, int count) {
    var bytes = new byte[count * GuestModel.BLOCK];
    var values = new long[count];
    access(
        user,
        Access.Kind.READ,
        first,
        count,
        values,
        () -> {
          disk.read((long) first * GuestModel.BLOCK, IoVector.of(bytes), 0);
          System.arraycopy(Stage.values(bytes), 0, values, 0, count);
        });
  }

  void write(int user, int first, int count) {
    var values = new long[count];
    long number = writes.incrementAndGet();
    for (int i = 0; i < count; i++) {
      values[i] = number << 32 | (first + i + 1);
    }
    int cluster = kind.clusterBlocks();
    boolean compress =
        kind.has(ImageKind.Trait.COMPRESSED) && first % cluster == 0 && count == cluster;
    int flags = compress ? RequestFlags.COMPRESSED : 0;
    IoVector bytes = IoVector.of(Stage.bytes(values));
    // A cluster that has its place already cannot be compressed.
    access(
        user,
        Access.Kind.WRITE,
        first,
        count,
        values,
        -1,
        compress,
        () -> disk.write((long) first * GuestModel.BLOCK, bytes, flags));
  }

  void zero(int user, int first, int count, boolean unmap) {
    access(
        user,
        Access.Kind.ZERO,
        first,
        count,
        new long[0],
        () ->
            disk.writeZeroes(
                (long) first * GuestModel.BLOCK,
                (long) count * GuestModel.BLOCK,
                unmap ? RequestFlags.MAY_UNMAP : 0));
  }

  void discard(int user, int first, int count) {
    access(
        user,
        Access.Kind.DISCARD,
        first,
        count,
        new long[0],
        () -> disk.discard((long) first * GuestModel.BLOCK, (long) count * GuestModel.BLOCK));
  }

  void flush(int user) {
    access(user, Access.Kind.FLUSH, 0, 0, new long[0], disk::flush);
  }

  private SnapshotStore store() {
    return disk.node().capability(SnapshotStore.class).orElseThrow();
  }

  private SnapshotStore.Snapshot find(String name) throws BlockException {
    for (SnapshotStore.Snapshot snapshot : store().snapshots()) {
      if (snapshot.name().equals(name)) {
        return snapshot;
      }
    }
    throw new Violation("snapshot " + name + " is lost");
  }

  /** Takes a snapshot; its name, or nothing if there are enough. */
  String createSnapshot(int user) {
    int number = snapshots.getAndIncrement();
    if (number >= MAX_SNAPSHOTS) {
      return "";
    }
    String name = "s" + number;
    access(
        user,
        Access.Kind.KEEP,
        0,
        before.length,
        new long[0],
        number,
        false,
        () ->
            store()
                .createSnapshot(
                    new SnapshotStore.Snapshot("", name, 0, 0, 0, 0, -1, disk.length())));
    numbers.put(name, number);
    return name;
  }

  void applySnapshot(int user, String name) {
    int number = numbers.getOrDefault(name, -1);
    access(
        user,
        Access.Kind.BRING_BACK,
        0,
        before.length,
        new long[0],
        number,
        false,
        () -> store().applySnapshot(find(name)));
  }

  void deleteSnapshot(int user, String name) {
    numbers.remove(name);
    access(user, Access.Kind.READ, 0, 0, new long[0], () -> store().deleteSnapshot(find(name)));
  }

  /** Sets the length, in blocks; one user only may do that. */
  void resize(int user, int blocks) {
    int old = length();
    access(
        user,
        blocks < old ? Access.Kind.CUT : Access.Kind.GROW,
        Math.min(blocks, old),
        Math.abs(blocks - old),
        new long[0],
        () -> disk.truncate((long) blocks * GuestModel.BLOCK, true, Preallocation.OFF, 0));
  }

  /** What would be left of it now. */
  Killed kill() {
    return Killed.at(clock.get(), stage.files());
  }

  /** Throws a {@link Violation} if a moment in the middle would have left less than it must. */
  void judge(Killed killed) throws BlockException {
    boolean plain = true;
    for (Access access : accesses) {
      plain &= PLAIN.contains(access.kind());
    }
    killed.judge(kind, before, below, plain ? accesses : List.of());
  }

  private void seen(long[] values) {
    int start = clock.incrementAndGet();
    int end = clock.incrementAndGet();
    accesses.add(new Access(-1, Access.Kind.READ, 0, values.length, values, -1, start, end, false));
  }

  /** Throws a {@link Violation} unless some order explains what everybody found, to the end. */
  void judge() throws BlockException {
    long[] last = Stage.values(disk);
    seen(last);
    explain();
    // What was found in the end is what the next round begins with.
    accesses.clear();
    before = withRoom(last);
  }

  private void explain() {
    for (int block = 0; block < before.length; block++) {
      var held = new long[kept.length];
      for (int i = 0; i < held.length; i++) {
        held[i] = kept[i] == null ? 0 : kept[i][block];
      }
      long shining = block < below.length ? below[block] : 0;
      String wrong = new BlockHistory(block, shining, held, accesses).wrong(before[block]);
      if (!wrong.isEmpty()) {
        throw new Violation(wrong);
      }
    }
  }

  /** Closes the image, and throws a {@link Violation} if anything is wrong with what is left. */
  void end() throws BlockException {
    long[] last = Stage.values(disk);
    seen(last);
    disk.close();
    for (Map.Entry<String, Integer> snapshot : numbers.entrySet()) {
      look(snapshot.getKey(), snapshot.getValue());
    }
    explain();
    var findings = new Stage.Findings();
    try (BlockBackend closed = stage.open(kind.format(), Stage.IMAGE, NodeFlags.READ_ONLY)) {
      if (!Arrays.equals(last, Stage.values(closed))) {
        throw new Violation("the closed image reads otherwise");
      }
      Checkable.Result result = Judge.check(closed, Checkable.Repair.NONE, findings);
      if (result.corruptions() + result.leaks() + result.checkErrors() > 0) {
        throw new Violation("a check finds " + findings.first());
      }
    }
    checkLazy();
  }

  /** An image keeps its refcounts lazily for as long as nobody amends it. */
  private void checkLazy() {
    byte[] header = stage.files().get(Stage.IMAGE).toBytes();
    if (kind.options().contains("lazy_refcounts=on") && (header[87] & 1) == 0) {
      throw new Violation("lazy refcounts are no longer so");
    }
  }

  private void look(String name, int number) throws BlockException {
    try (BlockBackend other = stage.open(kind.format(), Stage.IMAGE, NodeFlags.READ_ONLY)) {
      SnapshotStore held = other.node().capability(SnapshotStore.class).orElseThrow();
      for (SnapshotStore.Snapshot snapshot : held.snapshots()) {
        if (snapshot.name().equals(name)) {
          held.loadSnapshot(snapshot);
          long[] values = Stage.values(other);
          int time = clock.incrementAndGet();
          int end = clock.incrementAndGet();
          accesses.add(
              new Access(-1, Access.Kind.LOOK, 0, values.length, values, number, time, end, false));
          return;
        }
      }
    }
    throw new Violation("snapshot " + name + " is lost");
  }
}
