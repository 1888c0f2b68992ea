// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.io.IOException;
import java.util.Arrays;

/**
 * Where a file has data and where holes: runs of data, added in their order.
 *
 * @see "GNU tar manual, Storing Sparse Files"
 */
final class SparseMap {
  /** So many runs, in 24 MiB. */
  private static final int MAX_RUNS = 1 << 20;

  private long[] starts = new long[16];
  private long[] lengths = new long[16];
  private long[] places = new long[16]; // from the first run's data on
  private int count;
  private long end; // of the last run
  private long stored;
  private long size;

  /** Adds a run of data. */
  void add(long start, long length) throws IOException {
    if (count == MAX_RUNS || start < end || length < 0 || start > Long.MAX_VALUE - length) {
      throw new IOException("a map of holes that makes no sense");
    }
    end = start + length;
    if (length == 0) {
      return; // tells where the file ends
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      lengths = Arrays.copyOf(lengths, 2 * count);
      places = Arrays.copyOf(places, 2 * count);
    }
    starts[count] = start;
    lengths[count] = length;
    places[count++] = stored;
    stored += length;
  }

  /** Says how long the file is with its holes, in bytes; all runs are added. */
  void size(long bytes) throws IOException {
    if (bytes < end) {
      throw new IOException("a map of holes beyond the file");
    }
    size = bytes;
  }

  /** The file's length in bytes. */
  long size() {
    return size;
  }

  /** How many bytes all runs have. */
  long stored() {
    return stored;
  }

  /** The last run that begins at or before {@code offset}; -1 if there is none. */
  int runAt(long offset) {
    int found = Arrays.binarySearch(starts, 0, count, offset);
    return found < 0 ? -found - 2 : found;
  }

  /** How much data is left of a run from {@code offset} on, not before it; 0 if nothing is. */
  long left(int run, long offset) {
    return run < 0 ? 0 : Math.max(0, starts[run] + lengths[run] - offset);
  }

  /** Where that byte of a run lies behind the first run's data. */
  long place(int run, long offset) {
    return places[run] + (offset - starts[run]);
  }

  /** Where the run after that one begins, or the file ends. */
  long next(int run) {
    return run + 1 < count ? starts[run + 1] : size;
  }
}
