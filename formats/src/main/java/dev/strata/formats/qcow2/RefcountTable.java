// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Where the refcount blocks lie: the whole table in memory. Guarded by the image's table lock. */
final class RefcountTable {
  private static final long OFFSET = ~511L;

  private final Child file;
  private final Geometry geometry;
  private long offset;
  private int clusters;
  private long[] entries;
  private int used;

  private RefcountTable(Child file, Geometry geometry, long offset, int clusters, long[] entries) {
    this.file = file;
    this.geometry = geometry;
    this.offset = offset;
    this.clusters = clusters;
    this.entries = entries;
    this.used = used(entries);
  }

  private static int used(long[] entries) {
    int used = entries.length;
    while (used > 0 && entries[used - 1] == 0) {
      used--;
    }
    return used;
  }

  /** The index behind the last block that there is. */
  int used() {
    return used;
  }

  /** Reads the table that the header names, whose size the caller has checked. */
  static RefcountTable load(Child file, Geometry geometry, Qcow2Header header)
      throws BlockException {
    int count =
        Math.toIntExact((long) header.refcountTableClusters() << (header.clusterBits() - 3));
    var entries = new long[count];
    try {
      file.event(DebugEvent.REFTABLE_LOAD);
      readWords(file, header.refcountTableOffset(), entries);
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not read reference count table");
    }
    return new RefcountTable(
        file, geometry, header.refcountTableOffset(), header.refcountTableClusters(), entries);
  }

  /** Fills {@code words} with big-endian numbers from the file. */
  static void readWords(Child file, long offset, long[] words) throws BlockException {
    var bytes = ByteBuffer.allocateDirect(Math.multiplyExact(words.length, 8));
    file.read(offset, IoVector.of(bytes), 0);
    bytes.asLongBuffer().get(words);
  }

  /** The bytes of {@code words} as the file holds them. */
  static IoVector toBytes(long[] words) {
    var bytes = ByteBuffer.allocateDirect(Math.multiplyExact(words.length, 8));
    bytes.asLongBuffer().put(words);
    return IoVector.of(bytes);
  }

  long offset() {
    return offset;
  }

  int clusters() {
    return clusters;
  }

  /** How many blocks the table has room for. */
  int size() {
    return entries.length;
  }

  /** Where that block lies; 0 if there is none, also beyond the table. */
  long block(long index) {
    return index < entries.length ? entries[(int) index] & OFFSET : 0;
  }

  /** Whether the entry's offset is one that a block can have. */
  boolean isAligned(long index) {
    return index >= entries.length || geometry.offsetInCluster(entries[(int) index] & OFFSET) == 0;
  }

  /** Whether the entry has bits that mean nothing. */
  boolean hasReservedBits(long index) {
    return index < entries.length && (entries[(int) index] & ~OFFSET) != 0;
  }

  /** Lets the table point to a block, in memory and in the file. */
  void point(long index, long blockOffset) throws BlockException {
    file.event(DebugEvent.REFBLOCK_ALLOC_HOOKUP);
    file.write(offset + index * 8, toBytes(new long[] {blockOffset}), 0);
    entries[(int) index] = blockOffset;
    used = Math.max(used, (int) index + 1);
  }

  /** A copy of the entries, for a table of another size. */
  long[] entries(int size) throws BlockException {
    if (size < entries.length) {
      throw new BlockException(Errno.EINVAL, "Refcount table would lose entries");
    }
    return Arrays.copyOf(entries, size);
  }

  /** The table lies elsewhere now; the file knows already. */
  void moved(long newOffset, int newClusters, long[] newEntries) {
    offset = newOffset;
    clusters = newClusters;
    entries = newEntries;
    used = used(newEntries);
  }
}
