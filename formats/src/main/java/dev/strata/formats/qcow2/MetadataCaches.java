// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;

/**
 * The caches of refcount blocks and L2 slices, and what of one has to be on disk before the other.
 *
 * <p>There is one order only: raised refcounts, then L2 entries. Refcounts fall in {@link
 * FreedClusters}, after the L2 entries that let go are on disk. Guarded by the image's table lock.
 */
final class MetadataCaches {
  private final Child file;
  private final Child dataFile;
  private final int clusterSize;
  private final TableCache l2Slices;
  private final TableCache refcountBlocks;
  private boolean l2AfterRefcounts;
  private boolean l2AfterData;

  /**
   * Empty caches.
   *
   * @param onFirst run when there are tables in memory where none were
   */
  MetadataCaches(
      Child file,
      Child dataFile,
      CacheSizes sizes,
      OverlapCheck overlaps,
      int clusterSize,
      Runnable onFirst) {
    this.file = file;
    this.dataFile = dataFile;
    this.clusterSize = clusterSize;
    this.l2Slices =
        new TableCache(
            file,
            sizes.l2EntrySize(),
            sizes.l2Entries(),
            DebugEvent.L2_LOAD,
            DebugEvent.L2_UPDATE,
            overlaps,
            OverlapCheck.ACTIVE_L2,
            this::beforeL2,
            onFirst);
    this.refcountBlocks =
        new TableCache(
            file,
            clusterSize,
            sizes.refcountEntries(),
            DebugEvent.REFBLOCK_LOAD,
            DebugEvent.REFBLOCK_UPDATE_PART,
            overlaps,
            OverlapCheck.REFCOUNT_BLOCK,
            () -> {},
            onFirst);
  }

  TableCache l2Slices() {
    return l2Slices;
  }

  TableCache refcountBlocks() {
    return refcountBlocks;
  }

  /** Refcounts were raised for what L2 entries now point to. */
  void orderL2AfterRefcounts() {
    l2AfterRefcounts = true;
  }

  /** Data were written to where L2 entries now point: until they are there, the old ones count. */
  void orderL2AfterData() {
    l2AfterData = true;
  }

  private void beforeL2() throws BlockException {
    boolean barrier = l2AfterData;
    if (l2AfterRefcounts && refcountBlocks.isDirty()) {
      refcountBlocks.writeDirty();
      barrier = true;
    }
    if (barrier) {
      if (l2AfterData && dataFile != file) {
        dataFile.flush();
      }
      file.flush();
    }
    l2AfterRefcounts = false;
    l2AfterData = false;
  }

  /**
   * Writes both, in order; they are durable with the file's next flush.
   *
   * @param refcounts whether refcounts are to be accurate on disk even where no L2 entry waits for
   *     them
   */
  void write(boolean refcounts) throws BlockException {
    if (l2Slices.isDirty()) {
      beforeL2();
      l2Slices.writeDirty();
    }
    if (refcounts) {
      refcountBlocks.writeDirty();
    }
  }

  /** Writes the refcounts alone. */
  void writeRefcounts() throws BlockException {
    refcountBlocks.writeDirty();
  }

  /** Makes all that is cached durable. */
  void sync() throws BlockException {
    write(true);
    file.flush();
  }

  /**
   * What a failure of {@link #sync} is called at the end, when the refcounts are written as far as
   * they can be: none of them has fallen for what is not on disk.
   */
  BlockException unwritten(BlockException failure) {
    boolean refcountsAlone = !l2Slices.isDirty() && refcountBlocks.isDirty();
    BlockException refcounts = null;
    try {
      writeRefcounts();
      file.flush();
    } catch (BlockException e) {
      refcounts = named("Failed to flush the refcount block cache", e);
    }
    if (refcountsAlone) {
      return refcounts == null ? failure : refcounts;
    }
    BlockException named = named("Failed to flush the L2 table cache", failure);
    if (refcounts != null) {
      named.addSuppressed(refcounts);
    }
    return named;
  }

  private static BlockException named(String what, BlockException failure) {
    return BlockException.of(failure.errno(), what).causedBy(failure);
  }

  /** Starts again with other sizes; nothing is dirty. */
  void resize(CacheSizes sizes) {
    l2Slices.resize(sizes.l2EntrySize(), sizes.l2Entries());
    refcountBlocks.resize(clusterSize, sizes.refcountEntries());
  }

  /** Gives the memory of tables back that were not used since this was called last. */
  void dropUnused() {
    l2Slices.dropUnused();
    refcountBlocks.dropUnused();
  }

  /** Drops everything, written or not, and gives the memory back. */
  void close() {
    l2Slices.close();
    refcountBlocks.close();
  }

  /** Forgets everything, written or not: the tables are no longer in use. */
  void forgetAll() {
    l2Slices.drop(0, Long.MAX_VALUE);
    refcountBlocks.drop(0, Long.MAX_VALUE);
    l2AfterRefcounts = false;
    l2AfterData = false;
  }
}
