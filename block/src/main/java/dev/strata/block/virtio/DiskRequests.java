// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a disk's requests do. Any number of threads.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.2 Block Device"
 */
public final class DiskRequests {
  /** Sectors are units of offsets and lengths, whatever size the disk's blocks have. */
  public static final int SECTOR = 512;

  /** The bytes of the configuration. */
  public static final int CONFIGURATION = 60;

  // Features
  /** There is a largest size of one segment, 0 for none. */
  public static final long SIZE_MAX = 1 << 1;

  /** There is a largest number of segments. */
  public static final long SEG_MAX = 1 << 2;

  /** Nothing is written. */
  public static final long READ_ONLY = 1 << 5;

  /** The size of blocks is told. */
  public static final long BLOCK_SIZE = 1 << 6;

  /** Data may be in a cache until a flush. */
  public static final long FLUSH = 1 << 9;

  /** What transfers are best is told. */
  public static final long TOPOLOGY = 1 << 10;

  /** The guest turns the cache on and off. */
  public static final long CONFIG_WCE = 1 << 11;

  /** There may be several queues. */
  public static final long MULTIPLE_QUEUES = 1 << 12;

  /** Ranges may be discarded. */
  public static final long DISCARD = 1 << 13;

  /** Ranges may be zeroed. */
  public static final long WRITE_ZEROES = 1 << 14;

  /** Where the configuration says whether there is a cache. */
  public static final int WRITEBACK_AT = 32;

  private static final int HEADER = 16;
  private static final int RANGE = 16;
  private static final int ID = 20;

  private static final int IN = 0; // request types
  private static final int OUT = 1;
  private static final int FLUSH_REQUEST = 4;
  private static final int GET_ID = 8;
  private static final int DISCARD_REQUEST = 11;
  private static final int WRITE_ZEROES_REQUEST = 13;

  private static final int UNMAP = 1; // flag of a range

  private static final byte OK = 0; // results
  private static final byte IO_ERROR = 1;
  private static final byte UNSUPPORTED = 2;

  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final GuestDrive disk;
  private final boolean readOnly;
  private final byte[] id = new byte[ID];
  private final DiskLimits limits;
  private volatile boolean writeThrough;

  /**
   * A disk.
   *
   * @param id what the guest sees as the serial number; of ASCII, cut to 20 characters
   */
  public DiskRequests(GuestDrive disk, boolean readOnly, String id, DiskLimits limits) {
    this.disk = disk;
    this.readOnly = readOnly;
    this.limits = limits;
    byte[] text = id.getBytes(US_ASCII);
    System.arraycopy(text, 0, this.id, 0, Math.min(text.length, ID));
  }

  /** Has each write be on stable storage when it is done, or not. */
  public void writeThrough(boolean writeThrough) {
    this.writeThrough = writeThrough;
  }

  /** Whether each write is on stable storage when it is done. */
  public boolean writeThrough() {
    return writeThrough;
  }

  /**
   * The configuration, little-endian, from the disk's present size.
   *
   * @param blockSize in bytes
   * @param queues how many there are
   * @see "5.2.4 Device configuration layout"
   */
  public byte[] configuration(int blockSize, int queues) {
    var layout = ByteBuffer.allocate(CONFIGURATION).order(ByteOrder.LITTLE_ENDIAN);
    int sectorsPerBlock = Math.max(blockSize / SECTOR, 1);
    layout.putLong(0, disk.length() / SECTOR);
    layout.putInt(12, limits.segments());
    layout.putInt(20, blockSize);
    layout.putShort(26, (short) 1); // of blocks, the smallest transfer that is not slow
    layout.putInt(28, 1); // and the best
    layout.put(WRITEBACK_AT, (byte) (writeThrough ? 0 : 1));
    layout.putShort(34, (short) queues);
    layout.putInt(36, limits.rangeSectors());
    layout.putInt(40, limits.ranges());
    layout.putInt(44, sectorsPerBlock); // what a discard is aligned to
    layout.putInt(48, limits.rangeSectors());
    layout.putInt(52, limits.ranges());
    layout.put(56, (byte) (limits.anyUnmaps() ? 1 : 0));
    return layout.array();
  }

  /**
   * Does a request, and writes its result.
   *
   * @return how many bytes of the writable part are to be given back as written
   * @throws BrokenQueueException if it has no header, or no place for the result
   */
  public long run(Chain chain) throws BrokenQueueException {
    IoVector given = chain.readable();
    if (given.length() < HEADER || chain.writable().length() < 1) {
      throw new BrokenQueueException("a request without its header or its result");
    }
    MemorySegment header = given.segment(0);
    if (header.byteSize() < HEADER) {
      header = MemorySegment.ofArray(new byte[HEADER]);
      given.copyTo(0, header);
    }
    int type = header.get(U32, 0);
    long sector = header.get(U64, 8);
    long room = chain.writable().length() - 1;
    byte result;
    try {
      result = run(chain, type, sector, room);
    } catch (BlockException e) {
      result = e.errno() == Errno.EOPNOTSUPP ? UNSUPPORTED : IO_ERROR;
    } catch (OutOfMemoryError e) {
      result = IO_ERROR;
    }
    IoVector writable = chain.writable();
    MemorySegment last = writable.segment(writable.count() - 1);
    if (last.byteSize() > 0) {
      last.set(ValueLayout.JAVA_BYTE, last.byteSize() - 1, result);
    } else {
      writable.slice(room, 1).fill(result); // guests may append nothing
    }
    return 1 + room;
  }

  private byte run(Chain chain, int type, long sector, long room) throws BlockException {
    IoVector given = chain.readable();
    switch (type) {
      case IN -> {
        if (!isOnDisk(sector, room)) {
          disk.invalid(Access.READ);
          return IO_ERROR;
        }
        disk.read(sector * SECTOR, chain.writable().slice(0, room));
      }
      case OUT -> {
        long length = given.length() - HEADER;
        if (!isOnDisk(sector, length)) {
          disk.invalid(Access.WRITE);
          return IO_ERROR;
        }
        if (readOnly) {
          return IO_ERROR;
        }
        disk.write(sector * SECTOR, given.slice(HEADER, length), durable());
      }
      case FLUSH_REQUEST -> disk.flush();
      case GET_ID -> {
        long length = Math.min(room, id.length);
        chain.writable().copyFrom(0, MemorySegment.ofArray(id).asSlice(0, length));
      }
      case DISCARD_REQUEST, WRITE_ZEROES_REQUEST -> {
        return ranges(given, type == DISCARD_REQUEST);
      }
      default -> {
        return UNSUPPORTED;
      }
    }
    return OK;
  }

  private int durable() {
    return writeThrough ? RequestFlags.FUA : RequestFlags.NONE;
  }

  private boolean isOnDisk(long sector, long length) {
    long sectors = disk.length() / SECTOR;
    return length % SECTOR == 0
        && sector >= 0
        && sector <= sectors
        && length / SECTOR <= sectors - sector;
  }

  private byte ranges(IoVector given, boolean discard) throws BlockException {
    long length = given.length() - HEADER;
    long count = length / RANGE;
    if (readOnly || count < 1) {
      return IO_ERROR;
    }
    if (length % RANGE != 0 || count > limits.ranges()) {
      return UNSUPPORTED;
    }
    var range = MemorySegment.ofArray(new byte[RANGE]);
    for (long at = 0; at < count; at++) {
      given.copyTo(HEADER + RANGE * at, range);
      long sector = range.get(U64, 0);
      long sectors = range.get(U32, 8) & 0xffffffffL;
      int flags = range.get(U32, 12);
      if (flags != 0 && (discard || flags != UNMAP)) {
        return UNSUPPORTED;
      }
      if (sectors > limits.rangeSectors() || !isOnDisk(sector, sectors * SECTOR)) {
        disk.invalid(discard ? Access.UNMAP : Access.WRITE);
        return IO_ERROR;
      }
      if (discard) {
        disk.discard(sector * SECTOR, sectors * SECTOR);
      } else {
        int unmap = flags == UNMAP ? RequestFlags.MAY_UNMAP : RequestFlags.NONE;
        disk.writeZeroes(sector * SECTOR, sectors * SECTOR, unmap | durable());
      }
    }
    return OK;
  }
}
