// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Which ranges of a file occupy disk space, and how to give it, take it, or share it with another
 * file. Threads and failures as for {@link FileDescriptor}.
 */
public final class FileSpace {
  private static final int KEEP_SIZE = 0x1; // linux/falloc.h
  private static final int PUNCH_HOLE = 0x2;
  private static final int ZERO_RANGE = 0x10;

  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private static final long FICLONE = 0x40049409L; // linux/fs.h
  private static final long FICLONERANGE = 0x4020940dL;

  private final FileDescriptor file;

  public FileSpace(FileDescriptor file) {
    this.file = file;
  }

  /**
   * Has a range allocated, so that writing there cannot lack space; the file grows to hold it. What
   * was not there reads as zeroes. Fails with EOPNOTSUPP where the file system cannot.
   */
  public void allocate(long offset, long length) throws BlockException {
    fallocate(0, offset, length);
  }

  /** As {@link #allocate}, but the size stays. */
  public void allocateKeepingSize(long offset, long length) throws BlockException {
    fallocate(KEEP_SIZE, offset, length);
  }

  /** Gives a range back to the file system: it reads as zeroes; the size stays. */
  public void punchHole(long offset, long length) throws BlockException {
    fallocate(PUNCH_HOLE | KEEP_SIZE, offset, length);
  }

  /** Makes a range read as zeroes and keeps it allocated; the file grows to hold it. */
  public void zeroRange(long offset, long length) throws BlockException {
    fallocate(ZERO_RANGE, offset, length);
  }

  /** As {@link #zeroRange}, but the size stays. */
  public void zeroRangeKeepingSize(long offset, long length) throws BlockException {
    fallocate(ZERO_RANGE | KEEP_SIZE, offset, length);
  }

  /**
   * As {@link #allocate}; where the file system cannot, a byte of each block is written, as {@code
   * posix_fallocate(3)} does. Nobody may write to the range meanwhile.
   */
  public void allocateOrWrite(long offset, long length) throws BlockException {
    try {
      allocate(offset, length);
    } catch (BlockException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      writeEachBlock(offset, length);
    }
  }

  /** Writes a zero where one is read already, or nothing is yet: once a block. */
  void writeEachBlock(long offset, long length) throws BlockException {
    if (offset < 0 || length <= 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    if (offset > Long.MAX_VALUE - length) {
      throw BlockException.of(Errno.EFBIG);
    }
    FileStatus status = file.status();
    // A larger preferred size, as of NFS, says nothing of the unit of allocation.
    long step = Math.clamp(status.preferredBlockSize(), 512, 4096);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zero = arena.allocate(1);
      MemorySegment found = arena.allocate(1);
      ByteBuffer value = found.asByteBuffer();
      long last = offset + length - 1; // looked at too, so that the size is right
      long at = offset;
      while (true) {
        boolean isThere = at < status.size() && file.read(found, at) == 1;
        if (!isThere || value.get(0) == 0) {
          file.write(zero, at);
        }
        if (at == last) {
          return;
        }
        at = last - at < step ? last : at + step;
      }
    }
  }

  private void fallocate(int mode, long offset, long length) throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.FALLOCATE, file.number(), mode, offset, length));
  }

  /**
   * Where the next data begins, at {@code from} or behind it; -1 if there is none up to the end of
   * the file. Moves the file offset, which nothing here uses.
   */
  public long nextData(long from) throws BlockException {
    return seek(from, SEEK_DATA);
  }

  /**
   * Where the next hole begins, at {@code from} or behind it; the end of the file counts as one. -1
   * if {@code from} is at the end or behind it.
   */
  public long nextHole(long from) throws BlockException {
    return seek(from, SEEK_HOLE);
  }

  private long seek(long from, int whence) throws BlockException {
    long result = SystemCall.call(SystemCall.LSEEK, file.number(), from, whence, 0);
    return result == -Errno.ENXIO.number() ? -1 : SystemCall.checked(result);
  }

  /**
   * Copies within the system ({@code copy_file_range}), by reference where the file system shares
   * blocks. Files of different file systems: EXDEV on older kernels.
   *
   * @return how many bytes, perhaps less than asked for; 0 at the end of the source
   */
  public long copyFrom(FileDescriptor source, long sourceOffset, long offset, long length)
      throws BlockException {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putLong(0, sourceOffset);
    scratch.structure.putLong(8, offset);
    return SystemCall.checked(
        SystemCall.call(
            scratch,
            SystemCall.COPY_FILE_RANGE,
            source.number(),
            scratch.address,
            file.number(),
            scratch.address + 8,
            length,
            0));
  }

  /** Makes this file's content that of the source, sharing its blocks; EOPNOTSUPP, EXDEV if not. */
  public void cloneFrom(FileDescriptor source) throws BlockException {
    SystemCall.checked(
        SystemCall.call(SystemCall.IOCTL, file.number(), FICLONE, source.number(), 0));
  }

  /**
   * Makes a range of this file share the source's blocks. Offsets and length are multiples of the
   * file system's block size, but that the length may end with the source; 0 stands for up to
   * there.
   */
  public void cloneRangeFrom(FileDescriptor source, long sourceOffset, long offset, long length)
      throws BlockException {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putLong(0, source.number());
    scratch.structure.putLong(8, sourceOffset);
    scratch.structure.putLong(16, length);
    scratch.structure.putLong(24, offset);
    SystemCall.checked(
        SystemCall.call(
            scratch, SystemCall.IOCTL, file.number(), FICLONERANGE, scratch.address, 0, 0, 0));
  }
}
