// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import static dev.strata.system.migration.PagesOutput.MOST;
import static dev.strata.system.migration.PagesOutput.PAGE;
import static dev.strata.system.migration.PagesOutput.ZEROES;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/** Reads pages of a memory, from whoever has made them. One thread. */
final class PagesInput {
  private final MemorySegment memory;
  private final byte[] buffer = new byte[MOST * PAGE];

  PagesInput(MemorySegment memory) {
    this.memory = memory;
  }

  /** Has all be zero; what was never touched takes no memory, and shall not. */
  void clear() {
    MemorySegment zeroes = MemorySegment.ofArray(new byte[PAGE]);
    for (long at = 0; at < memory.byteSize(); at += PAGE) {
      if (MemorySegment.mismatch(memory, at, at + PAGE, zeroes, 0, PAGE) >= 0) {
        memory.asSlice(at, PAGE).fill((byte) 0);
      }
    }
  }

  /** Reads what {@link PagesOutput#write} has written; each round ends by itself. */
  void read(DataInputStream from) throws IOException {
    var summed = new CheckedInputStream(from, new CRC32C());
    var in = new DataInputStream(summed);
    long pages = memory.byteSize() / PAGE;
    long next = 0; // the first page that may come yet
    while (true) {
      long page = in.readLong();
      int given = in.readInt();
      int run = given & ~ZEROES;
      if (given == 0) {
        break;
      }
      if (run < 1 || run > MOST || page < next || page > pages - run) {
        throw new BlockException(Errno.EINVAL, "a run of " + run + " pages at " + page);
      }
      if (given == run) {
        in.readFully(buffer, 0, run * PAGE);
        MemorySegment.copy(buffer, 0, memory, ValueLayout.JAVA_BYTE, page * PAGE, run * PAGE);
      } else {
        memory.asSlice(page * PAGE, (long) run * PAGE).fill((byte) 0);
      }
      next = page + run;
    }
    if (from.readInt() != (int) summed.getChecksum().getValue()) {
      throw new BlockException(Errno.EINVAL, "memory has a wrong checksum");
    }
  }
}
