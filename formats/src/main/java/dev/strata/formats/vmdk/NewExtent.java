// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.CreateContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An extent to be made, with the grains and tables that the reference gives it: the redundant
 * directory and its tables, then the same once more, then the grains.
 *
 * @param size in bytes, a multiple of 512
 */
record NewExtent(long size, boolean flat, boolean compressed, boolean zeroedGrain) {
  private static final long GRAIN_SECTORS = 128;
  private static final int TABLE_ENTRIES = 512;
  private static final long TABLE_SECTORS = 4L * TABLE_ENTRIES / VmdkExtent.SECTOR;
  private static final long DESCRIPTOR_SECTORS = VmdkDescriptor.BYTES / VmdkExtent.SECTOR;
  private static final long MAX_TABLES = 32 << 20;
  private static final int PART = 1 << 20;

  /** The line of the descriptor. */
  String line(String filename) {
    long sectors = size / VmdkExtent.SECTOR;
    return flat
        ? "RW " + sectors + " FLAT \"" + filename + "\" 0\n"
        : "RW " + sectors + " SPARSE \"" + filename + "\"\n";
  }

  private long tables() {
    long covered = GRAIN_SECTORS * TABLE_ENTRIES * VmdkExtent.SECTOR;
    return size / covered + (size % covered == 0 ? 0 : 1);
  }

  private SparseHeader header() throws BlockException {
    long tables = tables();
    if (tables > MAX_TABLES) {
      throw BlockException.of(Errno.EFBIG);
    }
    long directorySectors = (4 * tables + VmdkExtent.SECTOR - 1) / VmdkExtent.SECTOR;
    long mapSectors = directorySectors + tables * TABLE_SECTORS;
    long redundant = 1 + DESCRIPTOR_SECTORS;
    long end = redundant + 2 * mapSectors;
    long flags = SparseHeader.FLAG_NEW_LINES | SparseHeader.FLAG_REDUNDANT;
    flags |= zeroedGrain ? SparseHeader.FLAG_ZERO_GRAIN : 0;
    flags |= compressed ? SparseHeader.FLAG_COMPRESSED | SparseHeader.FLAG_MARKERS : 0;
    return new SparseHeader(
        compressed ? 3 : zeroedGrain ? 2 : 1,
        flags,
        size / VmdkExtent.SECTOR,
        GRAIN_SECTORS,
        1,
        DESCRIPTOR_SECTORS,
        TABLE_ENTRIES,
        redundant,
        redundant + mapSectors,
        (end + GRAIN_SECTORS - 1) / GRAIN_SECTORS * GRAIN_SECTORS,
        compressed ? SparseHeader.DEFLATE : 0);
  }

  /** The header of an extent that is written from front to back, with its directory at the end. */
  SparseHeader streamHeader() throws BlockException {
    SparseHeader full = header();
    long data = 1 + DESCRIPTOR_SECTORS;
    return new SparseHeader(
        full.version(),
        full.flags() & ~SparseHeader.FLAG_REDUNDANT,
        full.capacity(),
        full.grainSize(),
        full.descriptorOffset(),
        full.descriptorSize(),
        full.tableEntries(),
        0,
        SparseHeader.AT_END,
        (data + GRAIN_SECTORS - 1) / GRAIN_SECTORS * GRAIN_SECTORS,
        full.compression());
  }

  /**
   * Writes the extent, the header last: a crash before leaves none.
   *
   * @param descriptor for a sparse extent that holds it, or empty
   */
  void write(CreateContext context, Child file, byte[] descriptor) throws BlockException {
    if (flat) {
      file.truncate(size, false, Preallocation.OFF, 0);
      return;
    }
    SparseHeader header = header();
    long end = header.overhead() * VmdkExtent.SECTOR;
    file.truncate(end, false, Preallocation.OFF, 0);
    if (!file.readsZeroAfterCreate()) {
      file.writeZeroes(0, end, 0);
    }
    writeDirectory(context, file, header.redundantOffset());
    writeDirectory(context, file, header.directoryOffset());
    if (descriptor.length > 0) {
      file.write(VmdkExtent.SECTOR, descriptor, 0);
    }
    file.write(0, header.encode(), 0);
  }

  private void writeDirectory(CreateContext context, Child file, long sector)
      throws BlockException {
    long tables = tables();
    long first = sector + (4 * tables + VmdkExtent.SECTOR - 1) / VmdkExtent.SECTOR;
    long bytes = (4 * tables + VmdkExtent.SECTOR - 1) / VmdkExtent.SECTOR * VmdkExtent.SECTOR;
    if (bytes == 0) {
      return;
    }
    try (BufferPool.Buffer buffer = context.buffers().acquire(Math.min(PART, bytes))) {
      for (long at = 0; at < bytes; at += PART) {
        int part = (int) Math.min(PART, bytes - at);
        ByteBuffer out = buffer.bytes().slice(0, part).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < part; i += 4) {
          long table = (at + i) / 4;
          out.putInt(table < tables ? (int) (first + table * TABLE_SECTORS) : 0);
        }
        IoVector vector = buffer.vector(part);
        file.write(sector * VmdkExtent.SECTOR + at, vector, 0);
      }
    }
  }
}
