// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;

/** The end of the file, where clusters, compressed clusters and tables are added. Thread-safe. */
final class ClusterArea {
  private final Child file;
  private final long maxEnd;
  private long end; // guarded by this, as what follows
  private long staleEnd; // from here on the file reads as zeroes

  /** The area of an image whose compressed clusters can lie below {@code maxEnd}. */
  ClusterArea(Child file, long metadataEnd, long maxEnd) throws BlockException {
    this.file = file;
    this.maxEnd = maxEnd;
    long length = file.length();
    this.end = Math.max(length, metadataEnd);
    this.staleEnd = file.readsZeroAfterCreate() ? length : Long.MAX_VALUE;
  }

  /** Takes {@code bytes} at a multiple of {@code alignment}, which nothing else uses. */
  synchronized long take(long bytes, long alignment) throws BlockException {
    long place = (end + alignment - 1) / alignment * alignment;
    if (place > maxEnd - bytes) {
      throw BlockException.of(Errno.EFBIG);
    }
    // Others put the next one where the file ends.
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

  /** Gives up all from {@code newEnd} on. */
  synchronized void cutTo(long newEnd) throws BlockException {
    file.truncate(newEnd, true, Preallocation.OFF, 0);
    end = newEnd;
    staleEnd = file.readsZeroAfterCreate() ? newEnd : Long.MAX_VALUE;
  }
}
