// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * The disk as its guest sees it: the folder's sectors under those that were written. Its owner
 * guards it.
 */
final class WrittenDisk implements AutoCloseable {
  private final FatVolume volume;
  private final WrittenSectors written;
  private final BitSet changed = new BitSet(); // since the folder was last brought to it

  /** The sectors are closed with the disk. */
  WrittenDisk(FatVolume volume, WrittenSectors written) {
    this.volume = volume;
    this.written = written;
  }

  /** Reads whole sectors. */
  void read(int sector, IoVector into) throws BlockException {
    int count = (int) (into.length() / FatLayout.SECTOR);
    var one = new byte[FatLayout.SECTOR];
    MemorySegment segment = MemorySegment.ofArray(one);
    int next;
    for (int i = 0; i < count; i = next) {
      // A file that is kept may be gone: it is not looked at.
      next = Math.min(count, written.nextHeld(sector + i) - sector);
      long from = (long) i * FatLayout.SECTOR;
      if (next > i) {
        long length = (long) (next - i) * FatLayout.SECTOR;
        volume.read((long) (sector + i) * FatLayout.SECTOR, into.slice(from, length));
      } else {
        written.read(sector + i, segment);
        into.copyFrom(from, segment);
        next = i + 1;
      }
    }
  }

  /** Bytes of whole sectors. */
  byte[] read(int sector, int sectors) throws BlockException {
    var bytes = new byte[Math.multiplyExact(sectors, FatLayout.SECTOR)];
    read(sector, IoVector.of(bytes));
    return bytes;
  }

  /** Writes whole sectors. Those that are so already do not count: a file of them is not new. */
  void write(int sector, IoVector from) throws BlockException {
    var one = new byte[FatLayout.SECTOR];
    MemorySegment segment = MemorySegment.ofArray(one);
    int count = (int) (from.length() / FatLayout.SECTOR);
    for (int i = 0; i < count; i++) {
      from.copyTo((long) i * FatLayout.SECTOR, segment);
      MemorySegment before = MemorySegment.ofArray(read(sector + i, 1));
      if (before.mismatch(segment) >= 0) {
        written.write(sector + i, segment);
        changed.set(sector + i);
      }
    }
  }

  /** Keeps sectors as they are, whatever becomes of the file that they are read from. */
  void keep(int sector, int sectors) throws BlockException {
    for (int i = sector; i < sector + sectors; i++) {
      if (!written.holds(i)) {
        written.write(i, MemorySegment.ofArray(read(i, 1)));
      }
    }
  }

  /** Whether anything was written since {@link #settled}. */
  boolean isChanged() {
    return !changed.isEmpty();
  }

  /** Whether one of these sectors was written since {@link #settled}. */
  boolean isChanged(int sector, int sectors) {
    int next = changed.nextSetBit(sector);
    return next >= 0 && next < sector + sectors;
  }

  /** The folder is as the disk is. */
  void settled() {
    changed.clear();
  }

  @Override
  public void close() throws BlockException {
    written.close();
  }
}
