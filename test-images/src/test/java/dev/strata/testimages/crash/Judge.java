// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at what a power cut left: the image opens, a check finds leaks at worst, every block and
 * every snapshot holds what it may, a bitmap that says that it is up to date is; and repaired, the
 * image reads as before.
 */
public final class Judge {
  /** One state in so many is repaired although nothing is wrong with it. */
  private static final int REPAIR_ANYWAY = 16;

  private static final int DIRTY_BYTE = 79; // of a qcow2 header: incompatible features, lowest bits

  private static final Pattern COPIED_FLAG =
      Pattern.compile("OFLAG_COPIED .*_entry=([0-9a-f]+) refcount=([0-9]+)$");

  private static final long ENTRY_OFFSET = 0x00fffffffffffe00L;

  /** What a VDI image says whose last block was not put into its map, or into a lower place. */
  private static final String LEAKED_PLACES = "ERROR: allocated blocks mismatch, is ";

  private static final Checkable.Result NOTHING_FOUND =
      new Checkable.Result(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** What a parallels image that was not closed says. */
  private static final String UNCLOSED = "ERROR image was not closed correctly";

  private final ImageKind kind;
  private final GuestModel model;
  private final Map<String, long[]> bitmaps;
  private final Stage stage = new Stage(new MemoryFiles());
  private int count;

  /**
   * Of the images of one workload.
   *
   * @param bitmaps what the disk held when each bitmap was added
   */
  Judge(ImageKind kind, GuestModel model, Map<String, long[]> bitmaps) {
    this.kind = kind;
    this.model = model;
    this.bitmaps = bitmaps;
  }

  private void put(Map<String, MemoryFile> state) {
    state.forEach((name, file) -> stage.files().put(name, file.copy()));
  }

  /** Throws a {@link Violation} if a state breaks a promise. */
  void look(Map<String, MemoryFile> state, int cut) {
    try {
      put(state);
      if (kind.replaysLog()) {
        stage.open(kind.format(), Stage.IMAGE, Stage.WRITABLE).close();
      }
      boolean sound = read(state, cut);
      if (kind.isRepairable() && (!sound || count++ % REPAIR_ANYWAY == 0)) {
        long[] values = stage.values(kind.format(), Stage.IMAGE);
        repair(values);
        if (isDirty(kind, state)) {
          put(state);
          stage.open(kind.format(), Stage.IMAGE, Stage.WRITABLE).close();
          // What was counted behind the file's end nobody sees until the file has grown.
          check(values, "after it was opened", true);
        }
      }
    } catch (BlockException e) {
      throw new Violation("the state cannot be used", e);
    }
  }

  private static boolean isDirty(ImageKind kind, Map<String, MemoryFile> state) {
    MemoryFile image = state.get(Stage.IMAGE);
    return image != null && isDirty(kind, image.toBytes(DIRTY_BYTE + 1));
  }

  /** Whether the image says that its refcounts may lag: opening it for writing puts them right. */
  public static boolean isDirty(ImageKind kind, byte[] image) {
    return kind.isQcow2()
        && image.length > DIRTY_BYTE
        && image[7] >= 3
        && (image[DIRTY_BYTE] & 1) != 0;
  }

  /** Reads and checks; whether there is nothing at all to repair. */
  private boolean read(Map<String, MemoryFile> state, int cut) throws BlockException {
    var findings = new Stage.Findings();
    Checkable.Result result;
    List<SnapshotStore.Snapshot> snapshots = List.of();
    try (BlockBackend disk = stage.open(kind.format(), Stage.IMAGE, NodeFlags.READ_ONLY)) {
      long[] values = Stage.values(disk);
      String wrong = model.wrong(values, cut);
      if (!wrong.isEmpty()) {
        throw new Violation(wrong);
      }
      checkBitmaps(disk, values);
      var store = disk.node().capability(SnapshotStore.class);
      if (store.isPresent()) {
        snapshots = store.get().snapshots();
      }
      result = check(disk, Checkable.Repair.NONE, findings);
    }
    checkSnapshots(snapshots, cut);
    boolean damaged = result.corruptions() + result.checkErrors() > 0;
    if (damaged && !isDirty(kind, state)) {
      for (String line : findings.lines()) {
        if (!isHarmless(kind, line, findings.lines())) {
          throw new Violation("a check finds " + findings.first());
        }
      }
    }
    return !damaged && result.leaks() == 0 && !isDirty(kind, state);
  }

  /**
   * Whether a finding in an image whose writer stopped half way is no damage.
   *
   * @param all that was found
   */
  public static boolean isHarmless(ImageKind kind, String line, List<String> all) {
    if (!kind.isQcow2()) {
      // The file's new length may have been lost, unlike the entry of a cluster behind the old one.
      return line.equals(UNCLOSED)
          || isLeakedPlace(line)
          || line.contains("space leaked at the end")
          || (line.contains("is outside image") && all.contains(UNCLOSED));
    }
    return isHarmless(line, all, kind.clusterSize());
  }

  /** As above, in a qcow2 image with clusters of that size. */
  public static boolean isHarmless(String line, List<String> all, int clusterSize) {
    Matcher flag = COPIED_FLAG.matcher(line);
    if (!flag.find()) {
      return line.startsWith("Leaked cluster ");
    }
    // A refcount and the flag that repeats it lie in two places: a cut between the two leaves them
    // apart, here as with the reference. A flag that is missing costs a copy. One that is there
    // does harm only if there is a second reference indeed.
    long entry = Long.parseUnsignedLong(flag.group(1), 16);
    String count = flag.group(2);
    long cluster = (entry & ENTRY_OFFSET) / clusterSize;
    return entry >= 0
        ? count.equals("1")
        : all.contains("Leaked cluster " + cluster + " refcount=" + count + " reference=1");
  }

  /** Whether the header counts more places than the map uses; the other way would do harm. */
  private static boolean isLeakedPlace(String line) {
    if (!line.startsWith(LEAKED_PLACES)) {
      return false;
    }
    String[] counts = line.substring(LEAKED_PLACES.length()).split(", should be ", -1);
    return Long.parseLong(counts[0]) < Long.parseLong(counts[1]);
  }

  /** Some formats have nothing that can be checked. */
  public static Checkable.Result check(
      BlockBackend disk, Checkable.Repair repair, Stage.Findings findings) throws BlockException {
    var checkable = disk.node().capability(Checkable.class);
    return checkable.isPresent() ? checkable.get().check(repair, findings) : NOTHING_FOUND;
  }

  private void checkBitmaps(BlockBackend disk, long[] values) {
    for (DirtyBitmap bitmap : disk.node().bitmaps().all()) {
      long[] before = bitmaps.get(bitmap.name());
      if (bitmap.inconsistent() || before == null) {
        continue;
      }
      for (int i = 0; i < Math.min(before.length, values.length); i++) {
        long at = (long) i * GuestModel.BLOCK;
        if (values[i] != before[i] && bitmap.nextDirty(at, at + 1).isEmpty()) {
          throw new Violation("block " + i + " changed, bitmap " + bitmap.name() + " says not");
        }
      }
    }
  }

  private void checkSnapshots(List<SnapshotStore.Snapshot> snapshots, int cut)
      throws BlockException {
    var names = new ArrayList<String>();
    for (SnapshotStore.Snapshot snapshot : snapshots) {
      names.add(snapshot.name());
      try (BlockBackend disk = stage.open(kind.format(), Stage.IMAGE, NodeFlags.READ_ONLY)) {
        disk.node().capability(SnapshotStore.class).orElseThrow().loadSnapshot(snapshot);
        String wrong = model.wrongSnapshot(snapshot.name(), Stage.values(disk), cut);
        if (!wrong.isEmpty()) {
          throw new Violation(wrong);
        }
      }
    }
    for (String name : model.snapshotsAfter(cut)) {
      if (!names.contains(name)) {
        throw new Violation("snapshot " + name + " is lost");
      }
    }
  }

  private void repair(long[] values) throws BlockException {
    NodeFlags flags = Stage.WRITABLE.withCheck(true);
    var findings = new Stage.Findings();
    try (BlockBackend disk = stage.open(kind.format(), Stage.IMAGE, flags)) {
      check(disk, Checkable.Repair.ALL, findings);
    } catch (BlockException e) {
      throw new Violation("cannot be repaired, " + findings.first(), e);
    }
    check(values, "after the repair", false);
  }

  /** Throws unless a check finds nothing and the disk holds exactly that. */
  private void check(long[] values, String when, boolean mayLeak) throws BlockException {
    var findings = new Stage.Findings();
    try (BlockBackend disk = stage.open(kind.format(), Stage.IMAGE, NodeFlags.READ_ONLY)) {
      long[] now = Stage.values(disk);
      int difference = Arrays.mismatch(now, values);
      if (difference >= 0) {
        throw new Violation("block " + difference + " reads otherwise " + when);
      }
      Checkable.Result result = check(disk, Checkable.Repair.NONE, findings);
      long leaks = mayLeak ? 0 : result.leaks();
      if (result.corruptions() + leaks + result.checkErrors() > 0) {
        throw new Violation("a check finds, " + when + ", " + findings.first());
      }
    }
  }

  /** Throws unless the files are those of an image that was closed, and hold what they should. */
  void lookAtEnd(Map<String, byte[]> files) {
    try {
      files.forEach((name, bytes) -> stage.files().put(name, bytes));
      check(model.values(), "after it was closed", false);
    } catch (BlockException e) {
      throw new Violation("the closed image cannot be used", e);
    }
  }
}
