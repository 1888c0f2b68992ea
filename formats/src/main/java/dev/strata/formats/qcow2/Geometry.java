// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

/**
 * The sizes that follow from a header and never change while the image is open.
 *
 * @param clusterBits 9 to 21
 * @param extendedL2 whether L2 entries have 128 bits and clusters 32 subclusters
 * @param refcountOrder log2 of the bits of a refcount
 */
record Geometry(int clusterBits, boolean extendedL2, int refcountOrder) {
  static final int SUBCLUSTERS = 32;

  static Geometry of(Qcow2Header header) {
    return new Geometry(header.clusterBits(), header.extendedL2(), header.refcountOrder());
  }

  long clusterSize() {
    return 1L << clusterBits;
  }

  /** The bytes of an L2 entry. */
  int l2EntrySize() {
    return extendedL2 ? 16 : 8;
  }

  /** log2 of the entries of an L2 table. */
  int l2Bits() {
    return clusterBits - (extendedL2 ? 4 : 3);
  }

  /** The guest bytes that one L1 entry is about. */
  long l1EntryCoverage() {
    return 1L << (clusterBits + l2Bits());
  }

  /** The smallest run of bytes that is allocated on its own. */
  long subclusterSize() {
    return extendedL2 ? clusterSize() / SUBCLUSTERS : clusterSize();
  }

  /** log2 of the refcounts in a refcount block. */
  int refcountBlockBits() {
    return clusterBits - (refcountOrder - 3);
  }

  /** The largest refcount. */
  long maxRefcount() {
    return refcountOrder == 6 ? Long.MAX_VALUE : (1L << (1 << refcountOrder)) - 1;
  }

  /** How many clusters hold that many bytes. */
  long clustersFor(long bytes) {
    return (bytes + clusterSize() - 1) >>> clusterBits;
  }

  /** The bytes from the start of its cluster. */
  long offsetInCluster(long offset) {
    return offset & (clusterSize() - 1);
  }

  long startOfCluster(long offset) {
    return offset & -clusterSize();
  }

  /** How many L1 entries a guest disk of that size needs. */
  long l1EntriesFor(long size) {
    long coverage = l1EntryCoverage();
    return size / coverage + (size % coverage == 0 ? 0 : 1);
  }
}
