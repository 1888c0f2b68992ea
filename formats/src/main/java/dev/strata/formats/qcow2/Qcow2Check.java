// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.Checkable.Repair;

/**
 * Compares the references to every cluster with the refcounts that are stored, and repairs those.
 * What is only leaked is given up last, and nothing that anything refers to is.
 *
 * <p>Nothing else is in flight; the image's table lock is held.
 */
final class Qcow2Check {
  /** In place of a refcount whose block cannot be read, which was said already. */
  private static final long UNREADABLE = Long.MIN_VALUE;

  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final Child file;
  private final Repair repair;
  private final Listener listener;
  private final Snapshots snapshots;
  private References references;
  private long corruptions;
  private long leaks;
  private long checkErrors;
  private long corruptionsFixed;
  private long leaksFixed;

  Qcow2Check(Qcow2Metadata metadata, Snapshots snapshots, Repair repair, Listener listener)
      throws BlockException {
    this.snapshots = snapshots;
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.file = metadata.file();
    this.repair = repair;
    this.listener = listener;
    this.references = new References(metadata, snapshots, repair == Repair.ALL, listener);
  }

  /** What is to be done about the refcounts that differ. */
  private enum Pass {
    REPORT,
    REPAIR_LEAKS,
    REPAIR_ALL
  }

  /** Checks everything, and repairs what was asked for. */
  Checkable.Result run() throws BlockException {
    var table = new SnapshotTableCheck(metadata, snapshots, repair, listener);
    table.read();
    references.countAll();
    boolean rebuild = compare(Pass.REPORT);
    if (repair != Repair.NONE && (rebuild || references.structuresBroken())) {
      rebuild();
    } else if (repair != Repair.NONE && (leaks > 0 || corruptions > 0)) {
      leaks = 0;
      corruptions = 0;
      compare(repair == Repair.ALL ? Pass.REPAIR_ALL : Pass.REPAIR_LEAKS);
    }
    corruptions += references.corruptions();
    corruptionsFixed += references.corruptionsFixed();
    checkCopiedFlags(metadata.l1());
    long end = endOffset();
    table.finish();
    corruptions += table.corruptions();
    corruptionsFixed += table.corruptionsFixed();
    if (repair != Repair.NONE && corruptions == 0 && checkErrors == 0) {
      metadata.clearBits(Feature.DIRTY | Feature.CORRUPT);
    }
    return new Checkable.Result(
        corruptions,
        leaks,
        checkErrors,
        corruptionsFixed,
        leaksFixed,
        end,
        geometry.clustersFor(metadata.size()),
        references.allocated(),
        references.fragmented(),
        references.compressed());
  }

  /** Writes all refcounts anew, since some that are missing have no place, or a doubtful one. */
  private void rebuild() throws BlockException {
    if (repair == Repair.LEAKS) {
      listener.found("ERROR need to rebuild refcount structures");
      throw BlockException.of(Errno.EIO);
    }
    listener.found("Rebuilding refcount structure");
    references = references.reaching();
    new RefcountRebuild(metadata, references).run();
    leaksFixed += leaks;
    corruptionsFixed += corruptions;
    leaks = 0;
    corruptions = 0;
    checkErrors = 0;
    // What the old structures lay in is given up. What is wrong in tables was reported before.
    references = references.recounted();
    long fixed = leaksFixed;
    compare(Pass.REPAIR_LEAKS);
    leaksFixed = fixed;
  }

  /** Whether a cluster that is in use has no refcount at all. */
  private boolean compare(Pass pass) throws BlockException {
    Refcounts refcounts = metadata.refcounts();
    boolean rebuild = false;
    int end = references.clusters();
    for (int cluster = next(0); cluster < end; cluster = next(cluster + 1)) {
      long reference = references.of(cluster);
      long stored;
      try {
        stored = refcounts.get(cluster);
      } catch (BlockException e) {
        checkErrors++;
        listener.found("Can't get refcount for cluster " + cluster + ": " + e.getMessage());
        continue;
      }
      if (stored == reference) {
        continue;
      }
      boolean leak = Long.compareUnsigned(stored, reference) > 0;
      rebuild |= stored == 0;
      boolean fix =
          (leak ? pass != Pass.REPORT : pass == Pass.REPAIR_ALL) && refcounts.hasBlock(cluster);
      listener.found(
          (fix ? "Repairing" : leak ? "Leaked" : "ERROR")
              + " cluster "
              + cluster
              + " refcount="
              + Long.toUnsignedString(stored)
              + " reference="
              + reference);
      if (fix) {
        refcounts.set(cluster, reference);
      }
      if (leak) {
        leaks += fix ? 0 : 1;
        leaksFixed += fix ? 1 : 0;
      } else {
        corruptions += fix ? 0 : 1;
        corruptionsFixed += fix ? 1 : 0;
      }
      listener.progress(cluster, references.clusters());
    }
    if (pass != Pass.REPORT) {
      metadata.caches().sync();
    }
    return rebuild;
  }

  /** The first cluster from {@code cluster} on that may have references or a refcount. */
  private int next(int cluster) {
    Refcounts refcounts = metadata.refcounts();
    if (cluster >= references.clusters() || refcounts.hasBlock(cluster)) {
      return cluster;
    }
    int used = references.next(cluster);
    int next = cluster;
    while (next < used && !refcounts.hasBlock(next)) {
      long blockEnd = (refcounts.blockIndex(next) + 1) << geometry.refcountBlockBits();
      next = (int) Math.min(used, blockEnd);
    }
    return next;
  }

  /** The flag says that the refcount is exactly one; writing relies on it. */
  private void checkCopiedFlags(L1Table l1) throws BlockException {
    var table = new long[(int) (geometry.clusterSize() / 8)];
    int words = geometry.extendedL2() ? 2 : 1;
    for (int i = 0; i < l1.size(); i++) {
      long offset = L1Entry.offset(l1.entry(i));
      if (offset == 0 || geometry.offsetInCluster(offset) != 0) {
        continue;
      }
      // A table that is something else as well is not written: that would change with it.
      boolean fixable = references.isOnlyTable(offset);
      long count = stored(offset);
      if (count != UNREADABLE
          && (count == 1) != L1Entry.isCopied(l1.entry(i))
          && flag(
              "OFLAG_COPIED L2 cluster: l1_index="
                  + i
                  + " l1_entry="
                  + Long.toHexString(l1.entry(i))
                  + " refcount="
                  + Long.toUnsignedString(count),
              true)) {
        l1.set(i, offset | (count == 1 ? L1Entry.COPIED : 0));
      }
      RefcountTable.readWords(file, offset, table);
      boolean changed = false;
      for (int j = 0; j < table.length; j += words) {
        changed |= checkCopied(table, j, fixable);
      }
      if (changed) {
        metadata.overlaps().beforeWrite(OverlapCheck.ACTIVE_L2, offset, geometry.clusterSize());
        file.write(offset, RefcountTable.toBytes(table), 0);
        metadata.caches().l2Slices().drop(offset, geometry.clusterSize());
      }
    }
  }

  private boolean checkCopied(long[] table, int index, boolean fixable) throws BlockException {
    long entry = table[index];
    long offset = L2Entry.offset(entry);
    if (L2Entry.isCompressed(entry)
        || offset == 0
        || geometry.offsetInCluster(offset) != 0
        || metadata.hasExternalData()) {
      return false;
    }
    long count = stored(offset);
    if (count == UNREADABLE
        || (count == 1) == L2Entry.isCopied(entry)
        || !flag(
            "OFLAG_COPIED data cluster: l2_entry="
                + Long.toHexString(entry)
                + " refcount="
                + Long.toUnsignedString(count),
            fixable)) {
      return false;
    }
    table[index] = count == 1 ? entry | L2Entry.COPIED : entry & ~L2Entry.COPIED;
    return true;
  }

  /** Reports a wrong flag; whether it is to be put right, for which refcounts have to be right. */
  private boolean flag(String what, boolean fixable) {
    boolean wanted =
        repair == Repair.ALL
            || (repair == Repair.LEAKS && corruptions == 0 && leaks == 0 && checkErrors == 0);
    boolean fix = wanted && fixable;
    listener.found((fix ? "Repairing " : "ERROR ") + what);
    corruptions += fix ? 0 : 1;
    corruptionsFixed += fix ? 1 : 0;
    return fix;
  }

  /** The refcount of the cluster at that offset, unsigned, or {@link #UNREADABLE}. */
  private long stored(long offset) {
    try {
      return metadata.refcounts().get(offset >>> geometry.clusterBits());
    } catch (BlockException e) {
      return UNREADABLE;
    }
  }

  private long endOffset() {
    long counted = (long) metadata.refcounts().table().used() << geometry.refcountBlockBits();
    int cluster = (int) Math.min(references.clusters(), Math.max(references.end(), counted));
    while (cluster > 0 && references.of(cluster - 1) == 0) {
      long count = stored((cluster - 1L) << geometry.clusterBits());
      if (count != 0 && count != UNREADABLE) {
        break;
      }
      cluster--;
    }
    return (long) cluster << geometry.clusterBits();
  }
}
