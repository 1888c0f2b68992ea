// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.Preallocation;
import dev.strata.block.layout.StructWriter;

/**
 * Gives up all that an image maps in a few writes, whatever its size, rather than cluster by
 * cluster. What remains lies at the start of the file, as in a new image:
 *
 * <pre>
 *   header | refcount table | refcount block | L1 table
 * </pre>
 *
 * <p>The order of the writes:
 *
 * <ol>
 *   <li>What the caches hold, and the dirty bit; flush. From then on nobody trusts the refcounts:
 *       whoever opens the image to write to it counts anew.
 *   <li>Zeroes over the L1 table; flush. Until then the image is as it was; afterwards it maps
 *       nothing, and each cluster but the header and this table may be overwritten.
 *   <li>Zeroes over the place of the new tables; flush. The old refcount table may lie there: there
 *       are no refcounts then, as a dirty image may have it. The old L1 table may: it stays zero.
 *   <li>The header points to the new tables, both at once; flush. Only now may what lies there be
 *       other than zero, for a header that still pointed there might take it for an L1 table.
 *   <li>The refcount block, and the refcount table's entry of it.
 *   <li>The file is cut behind the tables. Closing the image flushes and takes the dirty bit back.
 * </ol>
 *
 * <p>If the tables lie there already, as they do in most images, neither of the flushes around the
 * header is needed: it stays as it is.
 *
 * <p>Only for images of version 3, whose dirty bit is needed, and all of whose clusters are known
 * from the tables above: snapshots, bitmaps, a data file or header extensions that mean nothing to
 * us exclude it. Under the image's table lock, while no request is in the image.
 */
final class Emptying {
  private static final int L1_TABLE_OFFSET_FIELD = 40;
  private static final int L1_CLUSTER = 3;

  private final Qcow2Metadata metadata;
  private final Child file;
  private final Geometry geometry;
  private final L1Table l1;

  Emptying(Qcow2Metadata metadata) {
    this.metadata = metadata;
    this.file = metadata.file();
    this.geometry = metadata.geometry();
    this.l1 = metadata.l1();
  }

  /**
   * Empties the image; false, and nothing has changed, if it is none for this. After a failure the
   * image cannot be used until it is opened again.
   */
  boolean run() throws BlockException {
    if (!isPlain() || clusters() > 1L << metadata.refcounts().blockBits()) {
      return false;
    }
    metadata.freed().settle();
    metadata.caches().write(true);
    metadata.beforeRefcountsLag();
    boolean done = false;
    try {
      l1.rewrite(new long[l1.size()]);
      file.flush();
      metadata.caches().forgetAll();
      file.event(DebugEvent.EMPTY_IMAGE_PREPARE);
      file.writeZeroes(geometry.clusterSize(), bytes(clusters() - 1), 0);
      file.event(DebugEvent.REFTABLE_UPDATE);
      moveTables();
      countTables();
      metadata.allocator().startOver();
      if (metadata.freed().passesOn(FreedClusters.Reason.SNAPSHOT)) {
        giveBack();
      }
      done = true;
    } finally {
      if (!done) {
        metadata.corruption().abandon();
      }
    }
    return true;
  }

  private boolean isPlain() {
    HeaderFile header = metadata.header();
    for (HeaderExtension extension : header.extensions()) {
      if (!(extension instanceof HeaderExtension.BackingFormat
          || extension instanceof HeaderExtension.FeatureNames)) {
        return false;
      }
    }
    return metadata.version() >= 3
        && !metadata.hasExternalData()
        && header.header().snapshotCount() == 0
        && !header.hasStaleBitmaps()
        && l1.size() > 0;
  }

  /** What remains, in clusters. */
  private long clusters() {
    return L1_CLUSTER + geometry.clustersFor(l1.size() * 8L);
  }

  private long bytes(long clusters) {
    return clusters << geometry.clusterBits();
  }

  private void moveTables() throws BlockException {
    RefcountTable table = metadata.refcounts().table();
    long l1Offset = bytes(L1_CLUSTER);
    long tableOffset = bytes(1);
    if (l1.offset() != l1Offset || table.offset() != tableOffset || table.clusters() != 1) {
      file.flush();
      pointTo(l1Offset, tableOffset);
      file.flush();
      l1.replace(l1Offset, new long[l1.size()]);
    }
    table.moved(tableOffset, 1, new long[(int) (geometry.clusterSize() / 8)]);
  }

  private void pointTo(long l1Offset, long tableOffset) throws BlockException {
    var fields = new byte[20];
    StructWriter.bigEndian(fields).u64(l1Offset).u64(tableOffset).u32(1);
    file.write(L1_TABLE_OFFSET_FIELD, fields, 0);
    Qcow2Header now = metadata.header().header();
    metadata.header().changed(now.withL1(l1.size(), l1Offset).withRefcountTable(tableOffset, 1));
  }

  private void countTables() throws BlockException {
    file.event(DebugEvent.REFBLOCK_ALLOC);
    Refcounts refcounts = metadata.refcounts();
    refcounts.table().point(0, bytes(2));
    CachedTable block = metadata.caches().refcountBlocks().fresh(bytes(2));
    for (int cluster = 0; cluster < clusters(); cluster++) {
      refcounts.setCount(block.bytes(), cluster, 1);
    }
    metadata.caches().writeRefcounts();
  }

  private void giveBack() throws BlockException {
    long end = bytes(clusters());
    if (end < file.length()) {
      file.truncate(end, false, Preallocation.OFF, 0);
    }
    long left = bytes(geometry.clustersFor(file.length())) - end; // of a device, which is not cut
    if (left > 0) {
      file.discard(end, Math.min(left, file.length() - end));
    }
  }
}
