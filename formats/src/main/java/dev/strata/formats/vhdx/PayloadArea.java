// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;

/** The end of the file, where blocks are added at multiples of 1 MiB. Thread-safe. */
final class PayloadArea {
  private static final long MIB = 1 << 20;

  private final Child file;
  private long end; // guarded by this, as what follows
  private long staleEnd; // from here on the file reads as zeroes

  PayloadArea(Child file, long metadataEnd) throws BlockException {
    this.file = file;
    long length = file.length();
    this.end = (Math.max(length, metadataEnd) + MIB - 1) / MIB * MIB;
    this.staleEnd = file.readsZeroAfterCreate() ? length : Long.MAX_VALUE;
  }

  /** Takes {@code bytes}, which nothing else uses. */
  synchronized long take(long bytes) throws BlockException {
    long place = end;
    if (place > Long.MAX_VALUE - bytes) {
      throw BlockException.of(Errno.EFBIG);
    }
    if (file.length() < place + bytes) {
      file.truncate(place + bytes, false, Preallocation.OFF, 0);
    }
    end = place + bytes;
    return place;
  }

  /** Gives back what {@link #take} gave: it may have been written. */
  synchronized void giveBack(long place, long bytes) {
    staleEnd = Math.max(staleEnd, place + bytes);
    if (end == place + bytes) {
      end = place;
    }
  }

  synchronized boolean readsZero(long place) {
    return place >= staleEnd;
  }
}
