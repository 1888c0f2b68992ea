// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.virtio.SplitQueue.BrokenQueueException;
import dev.strata.system.device.virtio.SplitQueue.Chain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A disk.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.2 Block Device"
 */
public final class BlockDevice implements VirtioDevice {
  private static final int SECTOR = 512;
  private static final int HEADER = 16;
  private static final int SEGMENTS = 254;
  private static final int MOST_RANGES = 32;
  private static final long MOST_RANGE_SECTORS = 1 << 22;

  private static final long SEG_MAX = 1 << 2; // features
  private static final long READ_ONLY = 1 << 5;
  private static final long BLOCK_SIZE = 1 << 6;
  private static final long FLUSH = 1 << 9;
  private static final long DISCARD = 1 << 13;
  private static final long WRITE_ZEROES = 1 << 14;

  private static final int IN = 0; // request types
  private static final int OUT = 1;
  private static final int FLUSH_REQUEST = 4;
  private static final int GET_ID = 8;
  private static final int DISCARD_REQUEST = 11;
  private static final int WRITE_ZEROES_REQUEST = 13;

  private static final byte OK = 0; // results
  private static final byte IO_ERROR = 1;
  private static final byte UNSUPPORTED = 2;

  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final GuestDrive disk;
  private final boolean readOnly;
  private final String serial;
  private final MemorySegment header = MemorySegment.ofArray(new byte[HEADER]); // the worker's
  private volatile boolean flushes;

  /**
   * A disk.
   *
   * @param serial at most 20 characters of ASCII
   */
  public BlockDevice(GuestDrive disk, boolean readOnly, String serial) {
    this.disk = disk;
    this.readOnly = readOnly;
    this.serial = serial;
  }

  @Override
  public int kind() {
    return 2;
  }

  @Override
  public int transitionalId() {
    return 0x1001;
  }

  @Override
  public int classCode() {
    return 0x010000;
  }

  @Override
  public long features() {
    return SEG_MAX | BLOCK_SIZE | FLUSH | (readOnly ? READ_ONLY : DISCARD | WRITE_ZEROES);
  }

  @Override
  public int queues() {
    return 1;
  }

  @Override
  public int configuration(int offset) {
    var layout = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
    layout.putLong(0, disk.length() / SECTOR);
    layout.putInt(12, SEGMENTS);
    layout.putInt(20, SECTOR);
    layout.putInt(36, (int) MOST_RANGE_SECTORS);
    layout.putInt(40, MOST_RANGES);
    layout.putInt(44, 1); // sectors that a discard is aligned to
    layout.putInt(48, (int) MOST_RANGE_SECTORS);
    layout.putInt(52, MOST_RANGES);
    layout.put(56, (byte) 1); // zeroes may unmap
    return offset < layout.capacity() ? layout.get(offset) & 0xff : 0;
  }

  @Override
  public void configure(int offset, int value) {
    // Nothing of it can be written.
  }

  @Override
  public void accept(long features) {
    // Who does not know how to flush is owed stable storage by each write.
    flushes = (features & FLUSH) != 0;
  }

  @Override
  public void abandon(boolean abandoned) {
    disk.abandonAll(abandoned);
  }

  @Override
  public boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    if (chain.readable().length() < HEADER || chain.writable().length() < 1) {
      throw new BrokenQueueException("a request without its header or its result");
    }
    chain.readable().copyTo(0, header);
    int type = header.get(U32, 0);
    long sector = header.get(U64, 8);
    long room = chain.writable().length() - 1;
    byte result;
    long written = 1;
    try {
      result = run(chain, type, sector, room);
      if (result == OK && type == IN) {
        written += room;
      } else if (type == GET_ID) {
        written += Math.min(room, 20);
      }
    } catch (BlockException e) {
      result = e.errno() == Errno.EOPNOTSUPP ? UNSUPPORTED : IO_ERROR;
    }
    chain.writable().slice(room, 1).fill(result);
    queue.give(chain, written);
    return true;
  }

  private byte run(Chain chain, int type, long sector, long room) throws BlockException {
    IoVector given = chain.readable().slice(HEADER, chain.readable().length() - HEADER);
    switch (type) {
      case IN -> {
        if (!isOnDisk(sector, room)) {
          disk.invalid(Access.READ);
          return IO_ERROR;
        }
        disk.read(sector * SECTOR, chain.writable().slice(0, room));
      }
      case OUT -> {
        if (!isOnDisk(sector, given.length())) {
          disk.invalid(Access.WRITE);
          return IO_ERROR;
        }
        if (readOnly) {
          return IO_ERROR;
        }
        disk.write(sector * SECTOR, given, flushes ? RequestFlags.NONE : RequestFlags.FUA);
      }
      case FLUSH_REQUEST -> disk.flush();
      case GET_ID -> {
        var id = new byte[20];
        byte[] text = serial.getBytes(US_ASCII);
        System.arraycopy(text, 0, id, 0, Math.min(text.length, id.length));
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

  private boolean isOnDisk(long sector, long length) {
    long sectors = disk.length() / SECTOR;
    return length % SECTOR == 0
        && sector >= 0
        && sector <= sectors
        && length / SECTOR <= sectors - sector;
  }

  private byte ranges(IoVector given, boolean discard) throws BlockException {
    long count = given.length() / 16;
    if (readOnly) {
      return IO_ERROR;
    }
    if (given.length() % 16 != 0 || count < 1 || count > MOST_RANGES) {
      return UNSUPPORTED;
    }
    var range = MemorySegment.ofArray(new byte[16]);
    for (long at = 0; at < count; at++) {
      given.copyTo(16 * at, range);
      long sector = range.get(U64, 0);
      long sectors = range.get(U32, 8) & 0xffffffffL;
      int flags = range.get(U32, 12);
      if (flags != 0 && (discard || flags != 1)) {
        return UNSUPPORTED;
      }
      if (sectors > MOST_RANGE_SECTORS || !isOnDisk(sector, sectors * SECTOR)) {
        disk.invalid(discard ? Access.UNMAP : Access.WRITE);
        return IO_ERROR;
      }
      if (discard) {
        disk.discard(sector * SECTOR, sectors * SECTOR);
      } else {
        int unmap = flags == 1 ? RequestFlags.MAY_UNMAP : RequestFlags.NONE;
        int durable = flushes ? RequestFlags.NONE : RequestFlags.FUA;
        disk.writeZeroes(sector * SECTOR, sectors * SECTOR, unmap | durable);
      }
    }
    return OK;
  }
}
