// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The pages of a memory that are not zero, in runs. */
final class MemoryPages {
  static final int PAGE = 4096;

  /** Pages of a run: what is in a buffer at a time. */
  private static final int MOST = 64;

  private static final MemorySegment ZEROES = MemorySegment.ofArray(new byte[PAGE]);

  private MemoryPages() {}

  static void write(MemorySegment memory, OutputStream to) throws IOException {
    var out = new DataOutputStream(to);
    var buffer = new byte[MOST * PAGE];
    long pages = memory.byteSize() / PAGE;
    for (long page = 0; page < pages; ) {
      int run = 0;
      while (run < MOST && page + run < pages && !isZero(memory, page + run)) {
        run++;
      }
      if (run == 0) {
        page++;
        continue;
      }
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, page * PAGE, buffer, 0, run * PAGE);
      out.writeLong(page);
      out.writeInt(run);
      out.write(buffer, 0, run * PAGE);
      page += run;
    }
    out.writeLong(0);
    out.writeInt(0);
    out.flush();
  }

  /** Fills a memory; pages that do not come are zeroed. */
  static void read(MemorySegment memory, String name, InputStream from) throws IOException {
    var in = new DataInputStream(from);
    var buffer = new byte[MOST * PAGE];
    long pages = memory.byteSize() / PAGE;
    long next = 0; // the first page that may come yet
    while (true) {
      long page = in.readLong();
      int run = in.readInt();
      if (run == 0) {
        clear(memory, next, pages);
        return;
      }
      if (run < 0 || run > MOST || page < next || page > pages - run) {
        throw new BlockException(
            Errno.EINVAL, "saved state of '" + name + "': a run of " + run + " pages at " + page);
      }
      in.readFully(buffer, 0, run * PAGE);
      clear(memory, next, page);
      MemorySegment.copy(buffer, 0, memory, ValueLayout.JAVA_BYTE, page * PAGE, run * PAGE);
      next = page + run;
    }
  }

  private static void clear(MemorySegment memory, long from, long end) {
    for (long page = from; page < end; page++) {
      if (!isZero(memory, page)) { // what was never touched takes no memory, and shall not
        memory.asSlice(page * PAGE, PAGE).fill((byte) 0);
      }
    }
  }

  private static boolean isZero(MemorySegment memory, long page) {
    long at = page * PAGE;
    return MemorySegment.mismatch(memory, at, at + PAGE, ZEROES, 0, PAGE) < 0;
  }
}
