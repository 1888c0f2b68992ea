// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import java.util.Arrays;

/**
 * A small number for each cluster of a file, at first 0, and a mark that it may bear. Memory is
 * taken for the parts of the file that have other numbers: a file may be terabytes of a hole.
 */
final class ClusterCounts {
  /** The largest number. */
  static final int MAX_COUNT = 0xffff;

  /** The most clusters. */
  static final int MAX_CLUSTERS = Integer.MAX_VALUE - 16;

  private static final int PART_BITS = 14;
  private static final int PART = 1 << PART_BITS;

  private short[][] parts;
  private long[][] marks;
  private int length;

  /** For that many clusters. */
  ClusterCounts(int length) {
    this.parts = new short[(int) (((long) length + PART - 1) >>> PART_BITS)][];
    this.marks = new long[parts.length][];
    this.length = length;
  }

  int length() {
    return length;
  }

  /** More clusters. */
  void grow(int newLength) {
    int needed = (int) (((long) newLength + PART - 1) >>> PART_BITS);
    if (needed > parts.length) {
      parts = Arrays.copyOf(parts, needed);
      marks = Arrays.copyOf(marks, needed);
    }
    length = Math.max(length, newLength);
  }

  /** The number of a cluster; 0 beyond the last. */
  int get(long cluster) {
    short[] part = cluster < length ? parts[(int) (cluster >>> PART_BITS)] : null;
    return part == null ? 0 : part[(int) cluster & (PART - 1)] & MAX_COUNT;
  }

  /** Sets the number of a cluster that there is. */
  void set(int cluster, int count) {
    int index = cluster >>> PART_BITS;
    short[] part = parts[index];
    if (part == null) {
      part = new short[PART];
      parts[index] = part;
      marks[index] = new long[PART / Long.SIZE];
    }
    part[cluster & (PART - 1)] = (short) count;
  }

  /** Marks a cluster whose number was set before. */
  void mark(int cluster) {
    marks[cluster >>> PART_BITS][(cluster & (PART - 1)) / Long.SIZE] |= 1L << cluster;
  }

  boolean isMarked(long cluster) {
    long[] part = cluster < length ? marks[(int) (cluster >>> PART_BITS)] : null;
    return part != null && (part[((int) cluster & (PART - 1)) / Long.SIZE] & (1L << cluster)) != 0;
  }

  /** Behind the last cluster that may have another number than 0. */
  int end() {
    int index = parts.length;
    while (index > 0 && parts[index - 1] == null) {
      index--;
    }
    return (int) Math.min(length, (long) index << PART_BITS);
  }

  /** The first cluster from {@code cluster} on that may have another number than 0. */
  int next(int cluster) {
    int index = cluster >>> PART_BITS;
    if (index >= parts.length || parts[index] != null) {
      return cluster;
    }
    while (index < parts.length && parts[index] == null) {
      index++;
    }
    return (int) Math.min(length, (long) index << PART_BITS);
  }
}
