// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.table;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;

/** The end of an image's file, where clusters and tables are added. Thread-safe. */
public final class FileEnd {
  private final Child file;
  private final long maxEnd;
  private long end; // guarded by this, as what follows
  private long staleEnd; // from here on the file reads as zeroes

  /**
   * The end of {@code file}.
   *
   * @param from nothing is added below
   * @param maxEnd nothing is added beyond
   */
  public FileEnd(Child file, long from, long maxEnd) throws BlockException {
    this.file = file;
    this.maxEnd = maxEnd;
    long length = file.length();
    this.end = Math.max(length, from);
    this.staleEnd = file.readsZeroAfterCreate() ? length : Long.MAX_VALUE;
  }

  /**
   * Takes {@code bytes} at a multiple of {@code alignment}, which nothing else uses.
   *
   * @return their place
   */
  public synchronized long take(long bytes, long alignment) throws BlockException {
    long place = (end + alignment - 1) / alignment * alignment;
    if (place > maxEnd - bytes) {
      throw BlockException.of(Errno.EFBIG);
    }
    // Others put the next one where the file ends, and believe no cluster that it ends within.
    if (file.length() < place + bytes) {
      file.truncate(place + bytes, false, Preallocation.OFF, 0);
    }
    end = place + bytes;
    return place;
  }

  /** Gives back what {@link #take} gave: it may have been written. */
  public synchronized void giveBack(long place, long bytes) {
    staleEnd = Math.max(staleEnd, place + bytes);
    if (end == place + bytes) {
      end = place;
    }
  }

  /** Whether bytes from there on read as zeroes as long as nothing was written to them. */
  public synchronized boolean readsZero(long place) {
    return place >= staleEnd;
  }

  /** How long the file is, or will be when what was taken is written. */
  public synchronized long end() {
    return end;
  }

  /** Gives up all from {@code newEnd} on. */
  public synchronized void cutTo(long newEnd) throws BlockException {
    file.truncate(newEnd, true, Preallocation.OFF, 0);
    end = newEnd;
    staleEnd = file.readsZeroAfterCreate() ? newEnd : Long.MAX_VALUE;
  }
}
