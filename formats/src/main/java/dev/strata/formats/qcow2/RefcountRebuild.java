// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes a new refcount table and new blocks behind the end of the file, where nothing is that
 * could be lost, and lets the header point there when they are on disk: a crash before leaves the
 * old ones, a crash after leaks those.
 */
final class RefcountRebuild {
  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final References references;
  private long[] blocks = new long[0]; // where each lies, 0 if there is none
  private long tableOffset;
  private int tableClusters;

  RefcountRebuild(Qcow2Metadata metadata, References references) {
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.references = references;
  }

  /** Rebuilds all from the references. */
  void run() throws BlockException {
    boolean changed = true;
    while (changed) {
      changed = placeBlocks();
      changed |= placeTable();
    }
    for (int index = 0; index < blocks.length; index++) {
      if (blocks[index] != 0) {
        metadata
            .overlaps()
            .beforeWrite(OverlapCheck.REFCOUNT_BLOCK, blocks[index], geometry.clusterSize());
        metadata.file().write(blocks[index], block(index), 0);
      }
    }
    var table = Arrays.copyOf(blocks, tableClusters << (geometry.clusterBits() - 3));
    metadata.overlaps().beforeWrite(OverlapCheck.REFCOUNT_TABLE, tableOffset, table.length * 8L);
    metadata.file().write(tableOffset, RefcountTable.toBytes(table), 0);
    metadata.file().flush();
    Qcow2Header header = metadata.header().header();
    metadata.header().write(header.withRefcountTable(tableOffset, tableClusters));
    metadata.file().flush();
    metadata.refcounts().table().moved(tableOffset, tableClusters, table);
    metadata.caches().refcountBlocks().dropClean();
  }

  /** Sees to a block for every cluster that is in use; whether one was missing. */
  private boolean placeBlocks() throws BlockException {
    boolean changed = false;
    for (int cluster = 0; cluster < references.clusters(); cluster++) {
      if (references.of(cluster) == 0) {
        cluster = Math.max(cluster, references.next(cluster) - 1);
        continue;
      }
      if (references.of(cluster) > geometry.maxRefcount()) {
        throw new BlockException(
            Errno.EINVAL,
            "Cluster " + cluster + " has more references than a refcount entry can say");
      }
      int index = cluster >>> geometry.refcountBlockBits();
      if (index >= blocks.length) {
        blocks = Arrays.copyOf(blocks, index + 1);
      }
      if (blocks[index] == 0) {
        blocks[index] = references.append(1);
        changed = true;
      }
    }
    return changed;
  }

  private boolean placeTable() throws BlockException {
    long wanted = Math.max(1, geometry.clustersFor(blocks.length * 8L));
    if (wanted << geometry.clusterBits() > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
      throw BlockException.of(Errno.EFBIG);
    }
    if (wanted <= tableClusters) {
      return false;
    }
    if (tableClusters > 0) {
      references.giveBack(tableOffset, tableClusters);
    }
    tableOffset = references.append((int) wanted);
    tableClusters = (int) wanted;
    return true;
  }

  private byte[] block(int index) {
    var bytes = new byte[(int) geometry.clusterSize()];
    ByteBuffer block = ByteBuffer.wrap(bytes);
    long first = (long) index << geometry.refcountBlockBits();
    for (int at = 0; at < 1L << geometry.refcountBlockBits(); at++) {
      int count = references.of(first + at);
      if (count != 0) {
        Refcounts.setCount(block, at, count, geometry.refcountOrder());
      }
    }
    return bytes;
  }
}
