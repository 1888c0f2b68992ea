// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.StreamOutput;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * The refcounts of an image that is written from front to back: a refcount block follows the
 * clusters that it counts. Only blocks that are not complete are in memory.
 */
final class StreamedRefcounts {
  private final Geometry geometry;
  private final StreamOutput output;
  private final ArrayDeque<byte[]> open = new ArrayDeque<>(); // from block number written on
  private long[] table = new long[16]; // where the written blocks lie
  private int written;

  StreamedRefcounts(Geometry geometry, StreamOutput output) {
    this.geometry = geometry;
    this.output = output;
  }

  /** Counts a use of all clusters that the bytes touch, which are not before the last ones. */
  void count(long offset, long length) throws BlockException {
    long last = (offset + length - 1) >>> geometry.clusterBits();
    for (long cluster = offset >>> geometry.clusterBits(); cluster <= last; cluster++) {
      ByteBuffer block = ByteBuffer.wrap(block(cluster >>> geometry.refcountBlockBits()));
      int index = index(cluster);
      long count = Refcounts.count(block, index, geometry.refcountOrder());
      Refcounts.setCount(block, index, count + 1, geometry.refcountOrder());
    }
  }

  private int index(long cluster) {
    return (int) (cluster & ((1L << geometry.refcountBlockBits()) - 1));
  }

  /** Whether the cluster at that offset can be used once more. */
  boolean canShare(long offset) throws BlockException {
    long cluster = offset >>> geometry.clusterBits();
    byte[] block = block(cluster >>> geometry.refcountBlockBits());
    return Refcounts.count(ByteBuffer.wrap(block), index(cluster), geometry.refcountOrder())
        < geometry.maxRefcount();
  }

  private byte[] block(long number) throws BlockException {
    if (number >= Qcow2Header.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES) {
      throw BlockException.of(Errno.EFBIG);
    }
    while (written + open.size() <= number) {
      open.add(new byte[(int) geometry.clusterSize()]);
    }
    int skip = (int) number - written;
    for (byte[] block : open) { // the first or second one but where a long table was written
      if (skip-- == 0) {
        return block;
      }
    }
    throw new IllegalStateException("refcount block " + number + " is written");
  }

  /**
   * Writes the blocks of what lies before the current cluster; the output is at a cluster's end.
   */
  void writeComplete() throws BlockException {
    while (written
        < output.position() >>> (geometry.clusterBits() + geometry.refcountBlockBits())) {
      writeFirst();
    }
  }

  private void writeFirst() throws BlockException {
    count(output.position(), geometry.clusterSize());
    writeCounted(open.removeFirst());
  }

  private void writeCounted(byte[] block) throws BlockException {
    if (written == table.length) {
      table = Arrays.copyOf(table, 2 * table.length);
    }
    table[written++] = output.position();
    output.write(block);
  }

  /**
   * Writes all that is left, and the table behind it.
   *
   * @return the table's place and its clusters
   */
  long[] end() throws BlockException {
    long clusters = output.position() >>> geometry.clusterBits();
    long blocks = written;
    long tableClusters = 1;
    while (true) {
      long all = clusters + (blocks - written) + tableClusters;
      long moreBlocks = ((all - 1) >>> geometry.refcountBlockBits()) + 1;
      long moreTable = geometry.clustersFor(moreBlocks * Long.BYTES);
      if (moreBlocks == blocks && moreTable == tableClusters) {
        break;
      }
      // Both only grow, and by less each time: this ends.
      blocks = moreBlocks;
      tableClusters = moreTable;
    }
    long end = (blocks - written + tableClusters) << geometry.clusterBits();
    count(output.position(), end);
    while (!open.isEmpty()) {
      writeCounted(open.removeFirst());
    }
    long place = output.position();
    byte[] bytes = new byte[(int) (tableClusters << geometry.clusterBits())];
    ByteBuffer.wrap(bytes).asLongBuffer().put(table, 0, written);
    output.write(bytes);
    return new long[] {place, tableClusters};
  }
}
