// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.ProgressListener;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gives an image refcounts of another width: all of them are written a second time, then the header
 * points there. Until then the new structures are clusters like others, counted in the old ones: a
 * crash leaks them at worst. Nothing else is in flight; under the image's table lock.
 */
final class RefcountWidth {
  private static final int MIN_WALKS = 3;

  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final Refcounts refcounts;
  private final Child file;

  private long[] blocks = new long[0]; // of the new width: where each lies, 0 if there is none
  private long tableOffset;
  private long tableClusters;
  private long walks; // over all counts, done so far

  RefcountWidth(Qcow2Metadata metadata) {
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.refcounts = metadata.refcounts();
    this.file = metadata.file();
  }

  /** Changes the width to {@code 1 << order} bits. */
  void change(int order, ProgressListener progress) throws BlockException {
    var width = new Geometry(geometry.clusterBits(), geometry.extendedL2(), order);
    metadata.freed().settle();
    boolean written = false;
    try {
      place(width, progress);
      metadata.caches().sync();
      write(width, progress);
      written = true;
    } finally {
      if (!written && !metadata.corruption().isFatal()) {
        giveUp();
      }
    }
    List<long[]> old = oldStructures();
    activate(width);
    refcounts.table().moved(tableOffset, (int) tableClusters, table());
    metadata.refcountWidth(width);
    metadata.caches().refcountBlocks().dropClean();
    for (long[] run : old) {
      metadata.freed().release(run[0], run[1], FreedClusters.Reason.OTHER);
    }
    metadata.freed().settle();
    metadata.caches().sync();
  }

  private void activate(Geometry width) throws BlockException {
    Qcow2Header h = metadata.header().header();
    boolean done = false;
    try {
      metadata
          .header()
          .write(
              h.withRefcountTable(tableOffset, (int) tableClusters)
                  .withVersion(h.version(), width.refcountOrder()));
      file.flush();
      done = true;
    } finally {
      if (!done) {
        // Which of the two the file has now nobody knows. Either counts all that is in use for as
        // long as nothing is counted any more.
        metadata.corruption().abandon();
      }
    }
  }

  /** Takes clusters for the new structures until those count their own clusters too. */
  private void place(Geometry width, ProgressListener progress) throws BlockException {
    boolean changed = true;
    while (changed) {
      changed = false;
      long size = refcounts.table().size();
      for (int index = 0; index < size; index++) {
        tell(progress, index, size);
        if (refcounts.table().block(index) != 0) {
          changed |= placeFor(index, width);
        }
      }
      tell(progress, size, size);
      long wanted = Math.max(1, geometry.clustersFor(blocks.length * 8L));
      if (wanted << geometry.clusterBits() > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
        throw BlockException.of(Errno.EFBIG);
      }
      if (wanted > tableClusters) {
        long offset = metadata.allocator().allocate(wanted);
        if (tableClusters > 0) {
          metadata.allocator().release(tableOffset, tableClusters);
        }
        tableOffset = offset;
        tableClusters = wanted;
        changed = true;
      }
      walks++;
    }
  }

  /**
   * The steps are walks over all counts: at least one to place the new structures, one that finds
   * them complete, and one that writes them.
   */
  private void tell(ProgressListener progress, long index, long size) {
    progress.progress(walks * size + index, size * Math.max(MIN_WALKS, walks + 2));
  }

  /** Sees to new blocks for all counts of an old one. */
  private boolean placeFor(int oldIndex, Geometry width) throws BlockException {
    long first = (long) oldIndex << refcounts.blockBits();
    long end = first + (1L << refcounts.blockBits());
    boolean changed = false;
    for (long cluster = first; cluster < end; cluster++) {
      long count = refcounts.get(cluster);
      if (count == 0) {
        continue;
      }
      if (Long.compareUnsigned(count, width.maxRefcount()) > 0) {
        throw new BlockException(
            Errno.EINVAL,
            "Cannot decrease refcount entry width to "
                + (1 << width.refcountOrder())
                + " bits: Cluster at offset 0x"
                + Long.toHexString(cluster << geometry.clusterBits())
                + " has a refcount of "
                + Long.toUnsignedString(count));
      }
      long index = cluster >>> width.refcountBlockBits();
      if (index >= Qcow2Header.MAX_REFCOUNT_TABLE_BYTES / 8) {
        throw BlockException.of(Errno.EFBIG);
      }
      if (index >= blocks.length) {
        blocks = Arrays.copyOf(blocks, (int) index + 1);
      }
      if (blocks[(int) index] == 0) {
        blocks[(int) index] = metadata.allocator().allocate(1);
        changed = true;
      }
    }
    return changed;
  }

  private long[] table() {
    return Arrays.copyOf(blocks, (int) (tableClusters << (geometry.clusterBits() - 3)));
  }

  private void write(Geometry width, ProgressListener progress) throws BlockException {
    long perBlock = 1L << width.refcountBlockBits();
    long size = tableClusters << (geometry.clusterBits() - 3);
    long total = Math.max(MIN_WALKS, walks + 1);
    for (int index = 0; index < size; index++) {
      progress.progress(walks * size + index, total * size);
      if (index >= blocks.length || blocks[index] == 0) {
        continue;
      }
      var bytes = new byte[(int) geometry.clusterSize()];
      ByteBuffer block = ByteBuffer.wrap(bytes);
      for (int at = 0; at < perBlock; at++) {
        long count = refcounts.get(index * perBlock + at);
        if (count != 0) {
          Refcounts.setCount(block, at, count, width.refcountOrder());
        }
      }
      metadata.overlaps().beforeWrite(0, blocks[index], bytes.length);
      file.write(blocks[index], bytes, 0);
    }
    progress.progress((walks + 1) * size, total * size);
    long tableBytes = tableClusters << geometry.clusterBits();
    metadata.overlaps().beforeWrite(0, tableOffset, tableBytes);
    file.write(tableOffset, RefcountTable.toBytes(table()), 0);
    file.flush();
  }

  /** Offset and length of what the new structures replace. */
  private List<long[]> oldStructures() {
    RefcountTable table = refcounts.table();
    var old = new ArrayList<long[]>();
    for (int index = 0; index < table.used(); index++) {
      if (table.block(index) != 0) {
        old.add(new long[] {table.block(index), geometry.clusterSize()});
      }
    }
    old.add(new long[] {table.offset(), (long) table.clusters() << geometry.clusterBits()});
    return old;
  }

  private void giveUp() throws BlockException {
    for (long block : blocks) {
      if (block != 0) {
        metadata.allocator().release(block, 1);
      }
    }
    if (tableClusters > 0) {
      metadata.allocator().release(tableOffset, tableClusters);
    }
    metadata.caches().sync();
  }
}
