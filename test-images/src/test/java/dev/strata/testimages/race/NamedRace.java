// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.util.List;
import java.util.function.Consumer;

/**
 * A few users who meet at a place where an image was destroyed, here or elsewhere: tried in all
 * orders with few interruptions.
 *
 * @param kind of the image
 * @param smallCaches whether tables have to make room for each other all the time
 * @param users what each does
 */
record NamedRace(String name, String kind, boolean smallCaches, List<Consumer<Contest>> users) {
  private static final int SMALL = 512 / 512; // blocks of a cluster of qcow2-small
  private static final int USUAL = 4096 / 512; // of the other kinds

  /** All there are. The numbers are of issues of a virtual machine monitor with code of its own. */
  static final List<NamedRace> ALL =
      List.of(
          // #8624: a discard lowered the refcount, another queue's flush made that known, a third
          // one's write took the cluster, and then came the punch.
          of(
              "a-late-punch-hits-a-cluster-in-new-use",
              "qcow2-v3",
              image -> image.discard(0, 0, USUAL),
              image -> image.flush(1),
              image -> image.write(2, 20 * USUAL, USUAL),
              image -> image.read(3, 20 * USUAL, USUAL)),
          of(
              "a-late-punch-with-lazy-refcounts",
              "qcow2-lazy",
              image -> image.discard(0, 0, USUAL),
              image -> image.flush(1),
              image -> image.write(2, 20 * USUAL, USUAL)),
          of(
              "a-late-punch-in-parallels",
              "parallels",
              image -> image.discard(0, 0, USUAL),
              image -> image.flush(1),
              image -> image.write(2, 20 * USUAL, USUAL)),
          // #8606: after days of discards, the allocator gave a guest the cluster of an L2 table.
          tight(
              "a-live-l2-table-is-handed-out",
              "qcow2-small",
              image -> image.write(0, 70 * SMALL, SMALL),
              image -> {
                image.discard(1, 0, 2 * SMALL);
                image.flush(1);
              },
              image -> image.write(2, 20 * SMALL, 2 * SMALL),
              image -> image.write(3, 100 * SMALL, SMALL)),
          // #7660: queues shared one cache of tables without a lock.
          tight(
              "queues-share-one-table-cache",
              "qcow2-small",
              image -> image.write(0, 0, SMALL),
              image -> image.write(1, 70 * SMALL, SMALL),
              image -> image.read(2, 0, 2 * SMALL),
              image -> image.flush(3)),
          // #8358: guest data went to the beginning of the file, over the header.
          of(
              "the-first-64-kib-are-overwritten",
              "qcow2-snapshot",
              image -> image.deleteSnapshot(0, "first"),
              image -> image.write(1, 0, 2 * USUAL),
              image -> image.discard(2, 4 * USUAL, USUAL),
              image -> image.write(3, 20 * USUAL, USUAL)),
          // #6354: lazy refcounts were no longer so, without a word.
          of(
              "lazy-refcounts-are-dropped",
              "qcow2-lazy",
              image -> image.createSnapshot(0),
              image -> image.write(1, 0, USUAL),
              image -> image.flush(2)),
          of(
              "two-writes-into-one-fresh-cluster",
              "qcow2-backing",
              image -> image.write(0, 20 * USUAL, 2),
              image -> image.write(1, 20 * USUAL + 4, 3),
              image -> image.read(2, 20 * USUAL, USUAL)),
          of(
              "two-writes-into-one-fresh-cluster-of-subclusters",
              "qcow2-extended",
              image -> image.write(0, 3 * 32, 1),
              image -> image.write(1, 3 * 32 + 1, 1),
              image -> image.zero(2, 3 * 32, 4, false)),
          of(
              "a-write-in-place-meets-a-discard",
              "qcow2-v3",
              image -> image.write(0, 2, 4),
              image -> image.discard(1, 0, USUAL),
              image -> image.write(2, 20 * USUAL, USUAL)),
          of(
              "a-snapshot-between-allocation-and-link",
              "qcow2-v3",
              image -> image.write(0, 20 * USUAL, USUAL),
              image -> image.createSnapshot(1),
              image -> image.write(2, 20 * USUAL + 2, 2)),
          of(
              "a-snapshot-goes-while-its-clusters-are-copied",
              "qcow2-snapshot",
              image -> image.write(0, 2, 2),
              image -> image.deleteSnapshot(1, "first"),
              image -> image.write(2, 4, 2)),
          of(
              "a-snapshot-comes-back-under-a-writer",
              "qcow2-snapshot",
              image -> image.write(0, USUAL, USUAL),
              image -> image.applySnapshot(1, "first"),
              image -> image.read(2, USUAL, USUAL)),
          of(
              "a-disk-ends-before-a-write-that-was-let-in",
              "qcow2-v3",
              image -> image.write(0, 30 * USUAL, USUAL),
              image -> {
                image.resize(1, 24 * USUAL);
                image.resize(1, 32 * USUAL);
              },
              image -> image.read(2, 30 * USUAL, USUAL)),
          of(
              "compressed-clusters-share-one-in-the-file",
              "qcow2-compressed",
              image -> image.write(0, 20 * USUAL, USUAL),
              image -> image.write(1, 21 * USUAL, USUAL),
              image -> image.discard(2, 0, USUAL)),
          of(
              "a-parallels-file-grows-for-two",
              "parallels",
              image -> image.write(0, 20 * USUAL, 2 * USUAL),
              image -> image.write(1, 24 * USUAL, 2 * USUAL),
              image -> image.flush(2)));

  @SafeVarargs
  @SuppressWarnings("varargs") // the list is only read
  private static NamedRace of(String name, String kind, Consumer<Contest>... users) {
    return new NamedRace(name, kind, false, List.of(users));
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // the list is only read
  private static NamedRace tight(String name, String kind, Consumer<Contest>... users) {
    return new NamedRace(name, kind, true, List.of(users));
  }

  static NamedRace named(String name) {
    for (NamedRace race : ALL) {
      if (race.name.equals(name)) {
        return race;
      }
    }
    throw new IllegalArgumentException("No race " + name);
  }
}
