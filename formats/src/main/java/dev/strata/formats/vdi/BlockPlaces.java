// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.formats.table.EntryTable;
import java.util.BitSet;

/**
 * Which places for blocks are in use. Those that a crash left unused between others are taken
 * first, so that the file's places never outnumber the disk's blocks. Thread-safe.
 */
final class BlockPlaces {
  private final Child file;
  private final VdiHeader header;
  private final BitSet used; // guarded by this, as what follows
  private long fileLength;
  private long staleEnd; // from here on the file reads as zeroes

  private BlockPlaces(Child file, VdiHeader header, BitSet used) throws BlockException {
    this.file = file;
    this.header = header;
    this.used = used;
    this.fileLength = file.length();
    this.staleEnd = file.readsZeroAfterCreate() ? fileLength : Long.MAX_VALUE;
  }

  /** The places that {@code map} names are in use. */
  static BlockPlaces of(Child file, VdiHeader header, EntryTable map) throws BlockException {
    var used = new BitSet();
    int same;
    for (int i = 0; i < map.count(); i += same) {
      long place = map.get(i);
      same = map.run(i, map.count() - i, place);
      // What is no place of this disk is damage, and nobody gets it.
      if (place < map.count()) {
        used.set((int) place);
      }
    }
    return new BlockPlaces(file, header, used);
  }

  /** Takes up to {@code count} places side by side; the first one's number. */
  synchronized int take(int count) throws BlockException {
    int first = used.nextClearBit(0);
    if (first >= header.blocks()) {
      throw new BlockException(Errno.EIO, "VDI block map names some places twice");
    }
    int end = first;
    while (end < first + count && end < header.blocks() && !used.get(end)) {
      end++;
    }
    long hostEnd = header.dataOffset() + (long) end * VdiHeader.BLOCK;
    if (hostEnd > fileLength) {
      file.truncate(hostEnd, false, Preallocation.OFF, 0);
      fileLength = hostEnd;
    }
    used.set(first, end);
    return first;
  }

  /** How many of the {@code count} places from {@code first} on {@link #take} took. */
  synchronized int taken(int first, int count) {
    return Math.min(count, used.nextClearBit(first) - first);
  }

  /** Whether a place reads as zeroes as long as nothing was written to it. */
  synchronized boolean readsZero(int place) {
    return header.dataOffset() + (long) place * VdiHeader.BLOCK >= staleEnd;
  }

  /** Gives back what {@link #take} gave: it may have been written. */
  synchronized void giveBack(int first, int count) {
    used.clear(first, first + count);
    staleEnd = Math.max(staleEnd, header.dataOffset() + (long) (first + count) * VdiHeader.BLOCK);
  }

  /** How many places the file has: the highest one in use counts. */
  synchronized int count() {
    return used.length();
  }
}
