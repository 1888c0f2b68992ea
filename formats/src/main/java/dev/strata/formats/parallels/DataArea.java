// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;

/**
 * The data area, which grows at its end: the file gets more room than needed at a time, so that not
 * every cluster costs a change of the file's size. Thread-safe.
 */
final class DataArea {
  private final Child file;
  private final ParallelsHeader header;
  private GrowthOptions growth; // guarded by this, as what follows
  private long end; // the first byte behind all clusters in use
  private long fileLength;
  private long staleEnd; // from here on the file reads as zeroes

  /**
   * The data area of an image that is about to be written.
   *
   * @param end the first byte behind all clusters in use
   */
  DataArea(Child file, ParallelsHeader header, GrowthOptions growth, long end)
      throws BlockException {
    this.file = file;
    this.header = header;
    this.growth = growth;
    this.end = Math.max(end, header.dataStart());
    this.fileLength = file.length();
    this.staleEnd = fileLength;
  }

  /**
   * Takes {@code clusters} clusters side by side, which nothing else uses and which read as zeroes.
   *
   * @return the first one's place in the file
   */
  synchronized long take(int clusters) throws BlockException {
    long unit = header.entryUnit();
    long start = ceil(end, unit);
    long taken = Math.multiplyExact(clusters, header.clusterSize());
    // An entry has 32 bits; with clusters below 2 GiB, sums stay below 2^63.
    if (start / unit + taken / unit > 1L << 32) {
      throw BlockException.of(Errno.EFBIG);
    }
    if (start + taken > fileLength) {
      grow(start, start + taken);
    }
    if (start < staleEnd) {
      file.writeZeroes(start, Math.min(taken, staleEnd - start), 0);
    }
    end = start + taken;
    return start;
  }

  private void grow(long start, long needed) throws BlockException {
    long spare = Math.max(growth.size(), header.clusterSize());
    if (needed > Long.MAX_VALUE - spare) {
      throw BlockException.of(Errno.EFBIG);
    }
    long target = needed + spare;
    long from = Math.max(start, fileLength);
    boolean reserved = growth.reserve() && reserve(from, target - from);
    if (!reserved) {
      file.truncate(target, false, Preallocation.OFF, 0);
      if (!file.readsZeroAfterCreate()) {
        staleEnd = Long.MAX_VALUE;
      }
    }
    fileLength = target;
  }

  /** Has the file reserve room behind its end; false if it cannot do that cheaply. */
  private boolean reserve(long from, long length) throws BlockException {
    try {
      file.writeZeroes(from, length, RequestFlags.NO_FALLBACK);
      return true;
    } catch (BlockException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return false;
      }
      throw e;
    }
  }

  /** Gives back what {@link #take} gave: it may have been written. */
  synchronized void giveBack(long hostOffset, long length) {
    staleEnd = Math.max(staleEnd, hostOffset + length);
    if (end == hostOffset + length) {
      end = hostOffset;
    }
  }

  /** Cuts off what was reserved and is not used. */
  synchronized void trim() throws BlockException {
    if (file.length() > end) {
      file.truncate(end, true, Preallocation.OFF, 0);
    }
    fileLength = file.length();
    staleEnd = Math.min(staleEnd, fileLength);
  }

  /** As {@link #trim}, after a check found that less is in use. */
  synchronized void trimTo(long newEnd) throws BlockException {
    end = Math.max(newEnd, header.dataStart());
    trim();
  }

  synchronized void growth(GrowthOptions growth) {
    this.growth = growth;
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }
}
