// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;

/**
 * Where the parts of a new image lie: header, refcount table, refcount blocks, encryption header,
 * L1 table, all in whole clusters and in a row.
 *
 * @param tableClusters of the refcount table
 * @param blocks refcount blocks
 * @param cryptoClusters of the encryption header
 * @param l1Clusters of the L1 table
 */
record NewImageLayout(
    int clusterBits,
    int refcountOrder,
    int tableClusters,
    int blocks,
    int cryptoClusters,
    int l1Clusters) {

  /** The least table and blocks that count everything, themselves too. */
  static NewImageLayout of(int clusterBits, int refcountOrder, long cryptoBytes, long l1Bytes) {
    long mask = (1L << clusterBits) - 1;
    int crypto = (int) ((cryptoBytes + mask) >>> clusterBits);
    int l1 = (int) ((l1Bytes + mask) >>> clusterBits);
    int blocks = 1;
    int table = 1;
    while (true) {
      var layout = new NewImageLayout(clusterBits, refcountOrder, table, blocks, crypto, l1);
      int moreBlocks = (layout.clusters() - 1) / layout.countsPerBlock() + 1;
      int moreTable = (int) ((moreBlocks * 8L + mask) >>> clusterBits);
      if (moreBlocks == blocks && moreTable == table) {
        return layout;
      }
      // Both only grow, and by less each time: this ends.
      blocks = moreBlocks;
      table = moreTable;
    }
  }

  private int countsPerBlock() {
    return (int) (8L << clusterBits >>> refcountOrder);
  }

  int clusters() {
    return 1 + tableClusters + blocks + cryptoClusters + l1Clusters;
  }

  long tableOffset() {
    return 1L << clusterBits;
  }

  private long blocksOffset() {
    return (1L + tableClusters) << clusterBits;
  }

  long cryptoOffset() {
    return blocksOffset() + ((long) blocks << clusterBits);
  }

  long l1Offset() {
    return cryptoOffset() + ((long) cryptoClusters << clusterBits);
  }

  long end() {
    return (long) clusters() << clusterBits;
  }

  /** Writes the refcount table and its blocks, which count one for each cluster. */
  void writeRefcounts(Child file) throws BlockException {
    var table = new byte[tableClusters << clusterBits];
    for (int i = 0; i < blocks; i++) {
      long offset = blocksOffset() + ((long) i << clusterBits);
      for (int at = 0; at < 8; at++) {
        table[8 * i + at] = (byte) (offset >>> (56 - 8 * at));
      }
    }
    file.write(tableOffset(), table, 0);
    for (int i = 0; i < blocks; i++) {
      var block = new byte[1 << clusterBits];
      int count = Math.min(countsPerBlock(), clusters() - i * countsPerBlock());
      for (int cluster = 0; cluster < count; cluster++) {
        countOne(block, cluster);
      }
      file.write(blocksOffset() + ((long) i << clusterBits), block, 0);
    }
  }

  private void countOne(byte[] block, int cluster) {
    int bits = 1 << refcountOrder;
    if (bits < 8) {
      block[cluster * bits / 8] |= (byte) (1 << (cluster * bits % 8));
    } else {
      block[(cluster + 1) * (bits / 8) - 1] = 1;
    }
  }
}
