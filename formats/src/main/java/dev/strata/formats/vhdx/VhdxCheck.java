// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.formats.table.EntryTable;

/** One check of the BAT against the file's length, with the findings and words of the reference. */
final class VhdxCheck {
  private final Child file;
  private final VhdxMetadata metadata;
  private final EntryTable bat;
  private final Listener listener;
  private long corruptions;

  VhdxCheck(Child file, VhdxMetadata metadata, EntryTable bat, Listener listener) {
    this.file = file;
    this.metadata = metadata;
    this.bat = bat;
    this.listener = listener;
  }

  long corruptions() {
    return corruptions;
  }

  void run() throws BlockException {
    long length = file.length();
    long blocks = metadata.blocks();
    int ratio = metadata.chunkRatio();
    for (long block = 0; block < blocks; block++) {
      int index = (int) (block + block / ratio);
      long entry = bat.get(index);
      if (BatEntry.state(entry) != BatEntry.FULLY_PRESENT) {
        continue;
      }
      long start = BatEntry.place(entry);
      long size =
          Math.min(metadata.blockSize(), metadata.diskSize() - block * metadata.blockSize());
      long end = start + size;
      if (start < 0 || end < 0) {
        found("VHDX BAT entry " + index + " offset overflow.");
      } else if (start >= length) {
        found(words(index, "start", start, length));
      } else if (end > length) {
        found(words(index, "end", end, length));
      }
    }
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

  private void found(String line) {
    corruptions++;
    listener.found(line);
  }
}
