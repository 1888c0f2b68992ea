// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.formats.table.EntryTable;

/** The BAT held against the file's length, with the findings and words of the reference. */
final class VhdxCheck {
  private final Child file;
  private final VhdxMetadata metadata;
  private final EntryTable bat;

  VhdxCheck(Child file, VhdxMetadata metadata, EntryTable bat) {
    this.file = file;
    this.metadata = metadata;
    this.bat = bat;
  }

  /** Hears of an entry that cannot be right. */
  interface Listener {
    /** Ends the check by throwing that, or another exception. */
    void found(BlockException finding) throws BlockException;
  }

  /** Returns how many entries cannot be right. */
  long run(Listener listener) throws BlockException {
    long findings = 0;
    long length = file.length();
    long blocks = metadata.blocks();
    int ratio = metadata.chunkRatio();
    for (int index = 0; index < bat.count(); index++) {
      // A table may claim to be long where the file has a hole.
      index += bat.run(index, bat.count() - index, 0);
      long block = index - index / (ratio + 1L);
      if (block >= blocks) {
        break;
      }
      if (index % (ratio + 1L) == ratio) {
        continue; // of sectors' bits
      }
      long entry = bat.get(index);
      if (BatEntry.state(entry) != BatEntry.FULLY_PRESENT) {
        continue;
      }
      long start = BatEntry.place(entry);
      long size =
          Math.min(metadata.blockSize(), metadata.diskSize() - block * metadata.blockSize());
      long end = start + size;
      if (start >= 0 && end >= 0 && start < length && end <= length) {
        continue;
      }
      findings++;
      listener.found(
          new BlockException(
              Errno.EINVAL,
              start < 0 || end < 0
                  ? "VHDX BAT entry " + index + " offset overflow."
                  : start >= length
                      ? words(index, "start", start, length)
                      : words(index, "end", end, length)));
    }
    return findings;
  }

  private static String words(int index, String which, long offset, long length) {
    return "VHDX BAT entry "
        + index
        + " "
        + which
        + " offset "
        + offset
        + " points after end of file ("
        + length
        + "). Image has probably been truncated.";
  }
}
