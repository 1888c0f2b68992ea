// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blklogwrites;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;

/**
 * The log: a superblock in the first sector, then entries of a sector each, each followed by its
 * data. All numbers are little-endian. Thread-safe.
 */
final class WriteLog {
  static final int FLUSH = 1;
  static final int DISCARD = 1 << 2;
  private static final int KNOWN_FLAGS = 0x1f; // flush, FUA, discard, mark, metadata

  private static final long MAGIC = 0x6a736677736872L;
  private static final long VERSION = 1;
  private static final int SUPERBLOCK_SIZE = 28;
  private static final int ENTRY_SIZE = 32;
  private static final int SMALLEST_SECTOR = 32;
  private static final long LARGEST_SECTOR = 1 << 24; // is too large already

  private final Child log;
  private final BufferPool buffers;
  private final int sectorSize;
  private final long superblockInterval;
  private long nextSector = 1; // guarded by this
  private long entries; // guarded by this

  /**
   * A log that begins anew; what {@code log} holds is overwritten by and by.
   *
   * @param superblockInterval how many entries may come until the superblock counts them
   */
  WriteLog(Child log, BufferPool buffers, long sectorSize, long superblockInterval)
      throws BlockException {
    if (sectorSize < SMALLEST_SECTOR
        || sectorSize >= LARGEST_SECTOR
        || (sectorSize & (sectorSize - 1)) != 0) {
      throw new BlockException(
          Errno.EINVAL, "Invalid log sector size " + Long.toUnsignedString(sectorSize));
    }
    this.log = log;
    this.buffers = buffers;
    this.sectorSize = (int) sectorSize;
    this.superblockInterval = superblockInterval;
  }

  /** A log that goes on where {@code log} ends. */
  static WriteLog append(Child log, BufferPool buffers, long superblockInterval)
      throws BlockException {
    byte[] superblock = new byte[SUPERBLOCK_SIZE];
    log.read(0, IoVector.of(superblock), 0);
    var in = StructReader.littleEndian(superblock);
    if (in.u64("magic") != MAGIC) {
      throw new BlockException(Errno.EINVAL, "Invalid log superblock magic");
    }
    long version = in.u64("version");
    if (version != VERSION) {
      throw new BlockException(
          Errno.EINVAL, "Unsupported log version " + Long.toUnsignedString(version));
    }
    long entries = in.u64("nr_entries", 0, Long.MAX_VALUE);
    var appended = new WriteLog(log, buffers, in.u32("sectorsize"), superblockInterval);
    appended.skip(entries);
    return appended;
  }

  private synchronized void skip(long count) throws BlockException {
    long end = log.length();
    byte[] entry = new byte[ENTRY_SIZE];
    for (long i = 0; i < count; i++) {
      // An entry behind the log's end ends a count that is not true.
      long offset = nextSector > end / sectorSize ? end : nextSector * sectorSize;
      if (offset > end - ENTRY_SIZE) {
        throw new BlockException(
            Errno.EINVAL, "Log entry " + i + " lies beyond the end of the log");
      }
      log.read(offset, IoVector.of(entry), 0);
      var in = StructReader.littleEndian(entry);
      in.skip("sector", 8);
      long sectors = in.u64("nr_sectors");
      long flags = in.u64("flags");
      if ((flags & ~KNOWN_FLAGS) != 0) {
        throw new BlockException(
            Errno.EINVAL, "Invalid flags 0x" + Long.toHexString(flags) + " in log entry " + i);
      }
      long data = (flags & DISCARD) != 0 ? 0 : sectors;
      if (data < 0 || data > Long.MAX_VALUE / sectorSize - nextSector - 1) {
        throw new BlockException(
            Errno.EINVAL, "Log entry " + i + " lies beyond the end of the log");
      }
      nextSector += 1 + data;
    }
    entries = count;
  }

  int sectorSize() {
    return sectorSize;
  }

  /** Notes that those bytes were written. */
  void written(long offset, IoVector from) throws BlockException {
    long place = reserve(from.length());
    try (BufferPool.Buffer entry = entry(offset, from.length(), 0)) {
      log.write(place, entry.vector().followedBy(from), 0);
    }
    counted(1);
  }

  /** Notes that a range was zeroed; the zeroes are in the log, without storage if that can be. */
  void zeroed(long offset, long length, int flags) throws BlockException {
    long place = reserve(length);
    try (BufferPool.Buffer entry = entry(offset, length, 0)) {
      log.write(place, entry.vector(), 0);
    }
    log.writeZeroes(place + sectorSize, length, flags);
    counted(1);
  }

  /** Notes that a range was discarded. */
  void discarded(long offset, long length) throws BlockException {
    long place = reserve(0);
    try (BufferPool.Buffer entry = entry(offset, length, DISCARD)) {
      log.write(place, entry.vector(), 0);
    }
    counted(1);
  }

  /** Notes that all of that is on stable storage, and puts the log there too. */
  void flushed() throws BlockException {
    long place = reserve(0);
    try (BufferPool.Buffer entry = entry(0, 0, FLUSH)) {
      log.write(place, entry.vector(), 0);
    }
    writeSuperblock(counted());
    log.flush();
  }

  private synchronized long reserve(long dataLength) throws BlockException {
    long place;
    try {
      place = Math.multiplyExact(nextSector, sectorSize);
      nextSector = Math.addExact(nextSector, 1 + dataLength / sectorSize);
    } catch (ArithmeticException e) {
      throw BlockException.of(Errno.EFBIG);
    }
    return place;
  }

  private BufferPool.Buffer entry(long offset, long length, int flags) throws BlockException {
    BufferPool.Buffer buffer = buffers.acquire(sectorSize);
    buffer.segment().fill((byte) 0);
    var out = StructWriter.littleEndian(buffer.segment());
    out.u64(offset / sectorSize); // sector
    out.u64(length / sectorSize); // nr_sectors
    out.u64(flags);
    out.u64(0); // data_len, of marks only
    return buffer;
  }

  private synchronized long counted() {
    return ++entries;
  }

  private void counted(int one) throws BlockException {
    long count;
    synchronized (this) {
      entries += one;
      count = entries;
    }
    if (count % superblockInterval == 0) {
      writeSuperblock(count);
    }
  }

  /** Writes it with the count as it is now, so that no later one is undone by an earlier. */
  private synchronized void writeSuperblock(long count) throws BlockException {
    try (BufferPool.Buffer buffer = buffers.acquire(sectorSize)) {
      buffer.segment().fill((byte) 0);
      var out = StructWriter.littleEndian(buffer.segment());
      out.u64(MAGIC);
      out.u64(VERSION);
      out.u64(Math.max(count, entries));
      out.u32(sectorSize);
      log.write(0, buffer.vector(), 0);
    }
  }
}
