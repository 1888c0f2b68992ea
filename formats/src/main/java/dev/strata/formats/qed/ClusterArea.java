// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;

/** The end of the file, where clusters and tables are added. Thread-safe. */
final class ClusterArea {
  private final Child file;
  private final long clusterSize;
  private long end; // guarded by this, as what follows
  private long staleEnd; // from here on the file reads as zeroes

  ClusterArea(Child file, long clusterSize) throws BlockException {
    this.file = file;
    this.clusterSize = clusterSize;
    long length = file.length();
    this.end = (length + clusterSize - 1) / clusterSize * clusterSize;
    this.staleEnd = file.readsZeroAfterCreate() ? length : Long.MAX_VALUE;
  }

  /** Takes clusters side by side, which nothing else uses; the first one's place. */
  synchronized long take(int clusters) throws BlockException {
    long bytes = clusters * clusterSize;
    if (end > Long.MAX_VALUE - bytes) {
      throw BlockException.of(Errno.EFBIG);
    }
    long place = end;
    // A file that ends within a cluster would not be believed to hold it.
    if (file.length() < place + bytes) {
      file.truncate(place + bytes, false, Preallocation.OFF, 0);
    }
    end = place + bytes;
    return place;
  }

  /** Gives back what {@link #take} gave: it may have been written. */
  synchronized void giveBack(long place, int clusters) {
    long behind = place + clusters * clusterSize;
    staleEnd = Math.max(staleEnd, behind);
    if (end == behind) {
      end = place;
    }
  }

  synchronized boolean readsZero(long place) {
    return place >= staleEnd;
  }

  /** How long the file is, or will be when what was taken is written. */
  synchronized long end() {
    return end;
  }
}
