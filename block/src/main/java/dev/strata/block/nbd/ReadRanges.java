// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import java.util.Arrays;

/**
 * Which bytes of a read have arrived. Content comes in any order, but no byte twice; nearly always
 * it comes in order, which is one range that grows.
 */
final class ReadRanges {
  /** Of ranges that do not touch each other; a server that leaves more holes means no good. */
  private static final int MAX_RANGES = 4096;

  // start and end of each range in turn, ascending, not touching each other
  private long[] borders = new long[8];
  private int count;

  /**
   * Adds a range; false if some of it is there already, or there are too many ranges.
   *
   * @param length at least 1
   */
  boolean add(long start, long length) {
    long end = start + length;
    if (count == 2 && borders[1] == start) {
      borders[1] = end;
      return true;
    }
    int at = 0; // of the first border beyond the start
    int high = count;
    while (at < high) {
      int middle = (at + high) >>> 1;
      if (borders[middle] <= start) {
        at = middle + 1;
      } else {
        high = middle;
      }
    }
    if ((at & 1) != 0 || (at < count && borders[at] < end)) {
      return false; // begins inside a range, or ends behind where the next one begins
    }
    boolean joinsLast = at > 0 && borders[at - 1] == start;
    boolean joinsNext = at < count && borders[at] == end;
    if (joinsLast && joinsNext) {
      System.arraycopy(borders, at + 1, borders, at - 1, count - at - 1);
      count -= 2;
    } else if (joinsLast) {
      borders[at - 1] = end;
    } else if (joinsNext) {
      borders[at] = start;
    } else {
      insert(at, start, end);
    }
    return count <= 2 * MAX_RANGES;
  }

  private void insert(int at, long start, long end) {
    if (count + 2 > borders.length) {
      borders = Arrays.copyOf(borders, 2 * borders.length);
    }
    System.arraycopy(borders, at, borders, at + 2, count - at);
    borders[at] = start;
    borders[at + 1] = end;
    count += 2;
  }

  /** Whether all bytes from 0 to {@code length} are there. */
  boolean covers(long length) {
    return length == 0 || (count == 2 && borders[0] == 0 && borders[1] == length);
  }
}
