// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import static dev.strata.block.Errno.EFBIG;
import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.formats.table.EntryTable;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The end of a dynamic image, where blocks are added and the footer stands, and the blocks'
 * bitmaps. Other programs read sectors whose bits are not set as zeroes, so a block that is written
 * gets all of them set. Thread-safe.
 */
final class BlockArea {
  static final long UNUSED = 0xffff_ffffL;

  private final Child file;
  private final DynamicHeader header;
  private final byte[] footer;
  private final byte[] fullBitmap;
  private final BitSet full = new BitSet(); // blocks with such a bitmap, guarded by this
  private long end; // where the next block goes, guarded by this
  private long staleEnd; // from here on the file reads as zeroes, guarded by this
  private long footerPlace; // guarded by this

  private BlockArea(Child file, DynamicHeader header, byte[] footer, long end)
      throws BlockException {
    this.file = file;
    this.header = header;
    this.footer = footer;
    this.fullBitmap = new byte[header.bitmapSize()];
    Arrays.fill(fullBitmap, (byte) 0xff);
    this.end = end;
    this.footerPlace = file.length() == end + VpcFooter.BYTES ? end : -1;
    this.staleEnd = file.readsZeroAfterCreate() ? file.length() : Long.MAX_VALUE;
  }

  /** The area behind all that the BAT names. */
  static BlockArea of(Child file, DynamicHeader header, byte[] footer, EntryTable bat)
      throws BlockException {
    long end = header.tableEnd();
    for (int i = 0; i < bat.count(); ) {
      long sector = bat.get(i);
      if (sector != UNUSED) {
        end = Math.max(end, sector * DynamicHeader.SECTOR + header.room());
      }
      // A table may claim to be long where the file has a hole.
      i += bat.run(i, bat.count() - i, sector);
    }
    if (end > file.length()) {
      throw new BlockException(
          EINVAL,
          "block-vpc: free_data_block_offset points after the end of file. The image has been"
              + " truncated.");
    }
    return new BlockArea(file, header, footer, end);
  }

  /**
   * Takes room for a block and writes its bitmap.
   *
   * @return the bitmap's place; the block follows
   */
  long take(int block) throws BlockException {
    long place;
    synchronized (this) {
      place = end;
      if (place / DynamicHeader.SECTOR >= UNUSED) {
        throw BlockException.of(EFBIG);
      }
      end = place + header.room();
    }
    boolean done = false;
    try {
      file.write(place, IoVector.of(fullBitmap), 0);
      done = true;
    } finally {
      if (!done) {
        giveBack(block, place);
      }
    }
    synchronized (this) {
      full.set(block);
    }
    return place;
  }

  /** Gives back what {@link #take} gave: it may have been written. */
  synchronized void giveBack(int block, long place) {
    full.clear(block);
    staleEnd = Math.max(staleEnd, place + header.room());
    if (end == place + header.room()) {
      end = place;
    }
  }

  /** Whether bytes from there on read as zeroes as long as nothing was written to them. */
  synchronized boolean readsZero(long hostOffset) {
    return hostOffset >= staleEnd;
  }

  /** Has the bitmap of a block at {@code place} say that all its sectors are there. */
  void fillBitmap(int block, long place) throws BlockException {
    synchronized (this) {
      if (full.get(block)) {
        return;
      }
    }
    byte[] bitmap = new byte[fullBitmap.length];
    file.read(place, IoVector.of(bitmap), 0);
    if (!Arrays.equals(bitmap, fullBitmap)) {
      file.write(place, IoVector.of(fullBitmap), 0);
    }
    synchronized (this) {
      full.set(block);
    }
  }

  /** Writes the footer behind the last block if it is not there. */
  void writeFooter() throws BlockException {
    long place;
    synchronized (this) {
      place = end;
      if (place == footerPlace) {
        return;
      }
    }
    file.write(place, IoVector.of(footer), 0);
    synchronized (this) {
      footerPlace = place;
    }
  }
}
