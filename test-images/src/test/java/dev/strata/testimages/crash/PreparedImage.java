// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * An image as workloads of its kind find it, beside a backing file and another one.
 *
 * @param files their content, by name; not to be changed
 * @param values of the disk's blocks
 * @param snapshot the values that {@link #FIRST_SNAPSHOT} holds; empty if there is none
 */
public record PreparedImage(Map<String, byte[]> files, long[] values, long[] snapshot) {
  /** The snapshot of those that have one from the beginning. */
  public static final String FIRST_SNAPSHOT = "first";

  private static final Map<ImageKind, PreparedImage> PREPARED = new HashMap<>();

  /** The image of that kind: made once, to be copied. */
  public static synchronized PreparedImage of(ImageKind kind) throws BlockException {
    PreparedImage known = PREPARED.get(kind);
    if (known == null) {
      known = prepare(kind);
      PREPARED.put(kind, known);
    }
    return known;
  }

  private static PreparedImage prepare(ImageKind kind) throws BlockException {
    var stage = new Stage(new MemoryFiles());
    String size = String.valueOf((long) kind.clusters() * kind.clusterSize());
    backingFile(stage, Stage.BASE, size, 1);
    backingFile(stage, Stage.OTHER, size, 2);
    stage.create(kind.format(), Stage.IMAGE, kind.creation());
    long[] snapshot = new long[0];
    try (BlockBackend disk = stage.open(kind.format(), Stage.IMAGE, Stage.WRITABLE)) {
      int cluster = kind.clusterBlocks();
      fill(kind, disk, 0, 2 * cluster, 3);
      fill(kind, disk, 8 * cluster / 2, cluster, 4);
      fill(kind, disk, 6 * cluster, 2 * cluster, 7); // what no zero may let through again
      disk.flush();
      disk.writeZeroes(6L * kind.clusterSize(), 2L * kind.clusterSize(), 0);
      if (kind.has(ImageKind.Trait.SNAPSHOT)) {
        snapshot = Stage.values(disk);
        SnapshotStore store = disk.node().capability(SnapshotStore.class).orElseThrow();
        store.createSnapshot(
            new SnapshotStore.Snapshot("", FIRST_SNAPSHOT, 0, 0, 0, 0, -1, disk.length()));
        fill(kind, disk, cluster, cluster, 5);
      }
      fillUp(kind, stage, disk);
    }
    long[] values = stage.values(kind.format(), Stage.IMAGE);
    return new PreparedImage(stage.files().contents(), values, snapshot);
  }

  /** Leaves room for one cluster in what is counted already. */
  private static void fillUp(ImageKind kind, Stage stage, BlockBackend disk) throws BlockException {
    long perBlock = kind.clusterSize() / 8L; // of 64 bits each
    long counted = 0;
    if (kind.has(ImageKind.Trait.FULL_BLOCK)) {
      counted = perBlock;
    } else if (kind.has(ImageKind.Trait.FULL_TABLE)) {
      counted = perBlock * kind.clusterSize() / 8;
    }
    int end = Math.toIntExact((counted - 1) * kind.clusterSize());
    MemoryFile file = stage.files().get(Stage.IMAGE);
    int step = Math.max(1, kind.blocks() / 16);
    for (int at = 10 * kind.clusterBlocks(); file.length() < end; ) {
      boolean close = end - file.length() < 2 * step * GuestModel.BLOCK;
      int count = close ? 1 : step;
      fill(kind, disk, at, count, 6);
      disk.flush();
      at += count;
    }
  }

  private static void backingFile(Stage stage, String name, String size, int number)
      throws BlockException {
    stage.create("qcow2", name, "size", size, "cluster_size", "4096");
    try (BlockBackend disk = stage.open("qcow2", name, Stage.WRITABLE)) {
      // The two differ in some places and are alike in others.
      var values = new long[64];
      Arrays.setAll(values, i -> (long) (i % 3 == 0 ? 1 : number) << 32 | (i + 1));
      disk.write(0, IoVector.of(Stage.bytes(values)), 0);
    }
  }

  private static void fill(ImageKind kind, BlockBackend disk, int first, int count, int number)
      throws BlockException {
    boolean compress = kind.has(ImageKind.Trait.COMPRESSED);
    var values = new long[count];
    Arrays.setAll(values, i -> (long) number << 32 | (first + i + 1));
    disk.write(
        (long) first * GuestModel.BLOCK,
        IoVector.of(Stage.bytes(values)),
        compress ? RequestFlags.COMPRESSED : 0);
  }
}
