// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/** Writes pages of a memory, in runs. One thread. */
final class PagesOutput {
  static final int PAGE = 4096;

  /** Pages of a run: what is in a buffer at a time. */
  static final int MOST = 64;

  /** A run of so many pages more is of zeroes, which do not follow. */
  static final int ZEROES = 1 << 31;

  private static final MemorySegment ZERO_PAGE = MemorySegment.ofArray(new byte[PAGE]);

  private final MemorySegment memory;
  private final Counters counters;
  private final byte[] buffer = new byte[MOST * PAGE];

  PagesOutput(MemorySegment memory, Counters counters) {
    this.memory = memory;
    this.counters = counters;
  }

  /**
   * Writes pages as they are now; whoever writes to them meanwhile has them come again.
   *
   * @param wanted one bit each
   * @param first whether the reader has nothing but zeroes yet
   */
  void write(long[] wanted, boolean first, DataOutputStream to) throws IOException {
    var summed = new CheckedOutputStream(to, new CRC32C());
    var out = new DataOutputStream(summed);
    long pages = memory.byteSize() / PAGE;
    for (long page = next(wanted, 0, pages); page < pages; page = next(wanted, page, pages)) {
      boolean zero = isZero(page);
      int run = 1;
      while (run < MOST
          && page + run < pages
          && has(wanted, page + run)
          && isZero(page + run) == zero) {
        run++;
      }
      if (!zero) {
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, page * PAGE, buffer, 0, run * PAGE);
        out.writeLong(page);
        out.writeInt(run);
        out.write(buffer, 0, run * PAGE);
      } else if (!first) {
        out.writeLong(page);
        out.writeInt(run | ZEROES);
      }
      counters.sent(run, zero);
      page += run;
    }
    out.writeLong(0);
    out.writeInt(0);
    to.writeInt((int) summed.getChecksum().getValue());
  }

  private static boolean has(long[] wanted, long page) {
    return (wanted[(int) (page >> 6)] & 1L << page) != 0;
  }

  private static long next(long[] wanted, long from, long end) {
    long page = from;
    while (page < end) {
      long left = wanted[(int) (page >> 6)] >>> page;
      if (left != 0) {
        return page + Long.numberOfTrailingZeros(left);
      }
      page = (page | 63) + 1;
    }
    return end;
  }

  private boolean isZero(long page) {
    long at = page * PAGE;
    return MemorySegment.mismatch(memory, at, at + PAGE, ZERO_PAGE, 0, PAGE) < 0;
  }
}
