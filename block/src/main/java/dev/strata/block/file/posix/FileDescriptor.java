// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file of Linux. Offsets and lengths are in bytes.
 *
 * <p>Each method is one system call, made again if a signal interrupts it, and fails with the words
 * of its {@link Errno} alone: the caller adds what it was doing. Reads and writes may move less than
 * asked for, as those of the system; whoever wants all asks again.
 *
 * <p>Any thread may call, also several at a time. Not guarded, since a guard would cost each request
 * two atomic operations that the block graph's gates make already: nobody may close the descriptor,
 * or free a segment, that a call in progress uses. After {@link #close} all calls fail with EBADF.
 * Calls block their thread, a virtual one's carrier included.
 */
public final class FileDescriptor implements AutoCloseable {
  /** What {@link #readCached} returns if the data is not in memory. */
  public static final long WOULD_BLOCK = -1;

  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;

  private static final int RWF_DSYNC = 0x2; // linux/fs.h
  private static final int RWF_NOWAIT = 0x8;

  private static final int KEEP_SIZE = 0x1; // linux/falloc.h
  private static final int PUNCH_HOLE = 0x2;
  private static final int ZERO_RANGE = 0x10;

  private static final int SEEK_END = 2;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private static final long FICLONE = 0x40049409L; // linux/fs.h
  private static final long FICLONERANGE = 0x4020940dL;

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;

  private static final int CLOSED = -1;

  private final AtomicInteger number;

  private FileDescriptor(int number) {
    this.number = new AtomicInteger(number);
  }

  /**
   * Opens a file.
   *
   * @param path of the default file system; a relative one is resolved by the system
   * @param flags of {@link OpenFlags}
   * @param permissions of a file that is created, less the process's umask; otherwise unused
   */
  public static FileDescriptor open(Path path, int flags, int permissions) throws BlockException {
    byte[] name = nameInTheSystem(path);
    ByteBuffer terminated = ByteBuffer.allocateDirect(name.length + 1).put(name).put((byte) 0);
    long result =
        SystemCall.call(
            SystemCall.OPENAT,
            AT_FDCWD,
            MemorySegment.ofBuffer(terminated.flip()).address(),
            flags | OpenFlags.CLOSE_ON_EXEC,
            permissions);
    Reference.reachabilityFence(terminated);
    return new FileDescriptor((int) SystemCall.checked(result));
  }

  /** The bytes that name the file. */
  private static byte[] nameInTheSystem(Path path) {
    if (path.getFileSystem() != FileSystems.getDefault()) {
      throw new IllegalArgumentException("not a path of the default file system: " + path);
    }
    String name = path.toString();
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) >= 0x80) {
        return decodePercent(path.toUri().getRawPath());
      }
    }
    return (name.isEmpty() ? "." : name).getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Takes a path's bytes from its URI, which has them exactly; a string has lost those that the
   * locale's charset does not know.
   */
  private static byte[] decodePercent(String uri) {
    ByteBuffer bytes = ByteBuffer.allocate(uri.length());
    for (int i = 0; i < uri.length(); i++) {
      char c = uri.charAt(i);
      if (c == '%') {
        bytes.put((byte) Integer.parseInt(uri, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.put((byte) c);
      }
    }
    byte[] name = new byte[bytes.position()];
    bytes.flip().get(name);
    return name;
  }

  /** The descriptor's number; -1 once closed. */
  public int number() {
    return number.getPlain();
  }

  /**
   * Closes the descriptor; a second time does nothing. It is closed even if this fails, which says
   * that data written earlier was lost.
   */
  @Override
  public void close() throws BlockException {
    int open = number.getAndSet(CLOSED);
    if (open == CLOSED) {
      return;
    }
    // Not again after EINTR: Linux has freed the number by then, another thread may have it.
    long result =
        SystemCall.callOnce(Scratch.ofThread(), SystemCall.CLOSE, open, 0, 0, 0, 0, 0);
    if (result != -Errno.EINTR.number()) {
      SystemCall.checked(result);
    }
  }

  /** The file's size, kind, place and what it occupies. */
  public FileStatus status() throws BlockException {
    Scratch scratch = Scratch.ofThread();
    ByteBuffer statx = scratch.structure;
    statx.put(FileStatus.STATX_SIZE, (byte) 0); // the empty path, behind the structure
    SystemCall.checked(
        SystemCall.call(
            scratch,
            SystemCall.STATX,
            number(),
            scratch.address + FileStatus.STATX_SIZE,
            AT_EMPTY_PATH,
            FileStatus.STATX_BASIC_STATS | FileStatus.STATX_DIOALIGN,
            scratch.address,
            0));
    return FileStatus.decode(statx);
  }

  /**
   * Reads at a position.
   *
   * @param into native memory
   * @return how many bytes, at least one; 0 at the end of the file
   */
  public long read(MemorySegment into, long position) throws BlockException {
    long result =
        SystemCall.call(
            SystemCall.PREAD64, number(), writableAddressOf(into), into.byteSize(), position);
    Reference.reachabilityFence(into);
    return SystemCall.checked(result);
  }

  /**
   * Writes at a position.
   *
   * @param from native memory
   * @return how many bytes, at least one
   */
  public long write(MemorySegment from, long position) throws BlockException {
    long result =
        SystemCall.call(SystemCall.PWRITE64, number(), addressOf(from), from.byteSize(), position);
    Reference.reachabilityFence(from);
    return SystemCall.checked(result);
  }

  /** As {@link #read(MemorySegment, long)}, into all pieces in their order. */
  public long read(IovecArray into, long position) throws BlockException {
    return SystemCall.checked(vectored(SystemCall.PREADV2, into, position, 0));
  }

  /** As {@link #write(MemorySegment, long)}, from all pieces in their order. */
  public long write(IovecArray from, long position) throws BlockException {
    return SystemCall.checked(vectored(SystemCall.PWRITEV2, from, position, 0));
  }

  /**
   * Writes as {@link #write(IovecArray, long)}, and returns when the bytes written are on stable
   * storage. Fails with EOPNOTSUPP if the kernel cannot: then write and {@link #syncData}.
   */
  public long writeThrough(IovecArray from, long position) throws BlockException {
    return SystemCall.checked(vectored(SystemCall.PWRITEV2, from, position, RWF_DSYNC));
  }

  /**
   * Reads what is in the page cache, without waiting for a device.
   *
   * @return as {@link #read(IovecArray, long)}, which may be less than is in the file; or {@link
   *     #WOULD_BLOCK} if the first byte is not in memory, or the file system cannot tell
   */
  public long readCached(IovecArray into, long position) throws BlockException {
    long result = vectored(SystemCall.PREADV2, into, position, RWF_NOWAIT);
    if (result == -Errno.EAGAIN.number() || result == -Errno.EOPNOTSUPP.number()) {
      return WOULD_BLOCK;
    }
    return SystemCall.checked(result);
  }

  private long vectored(long call, IovecArray pieces, long position, int flags) {
    // The position goes in two halves, of which a 64-bit kernel takes the lower one whole.
    long result =
        SystemCall.call(
            Scratch.ofThread(),
            call,
            number(),
            pieces.address(),
            pieces.count(),
            position,
            0,
            flags);
    Reference.reachabilityFence(pieces);
    return result;
  }

  /** Returns when written data, and what is needed to read it back, is on stable storage. */
  public void syncData() throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.FDATASYNC, number(), 0));
  }

  /** As {@link #syncData}, with times and the like. */
  public void sync() throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.FSYNC, number(), 0));
  }

  /** Lets the system begin to write back a range's dirty pages; promises nothing. */
  public void startWriteback(long offset, long length) throws BlockException {
    SystemCall.checked(
        SystemCall.call(
            SystemCall.SYNC_FILE_RANGE, number(), offset, length, SYNC_FILE_RANGE_WRITE));
  }

  /** Sets the size; what is added reads as zeroes. */
  public void truncate(long size) throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.FTRUNCATE, number(), size));
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

  private void fallocate(int mode, long offset, long length) throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.FALLOCATE, number(), mode, offset, length));
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
    long result = SystemCall.call(SystemCall.LSEEK, number(), from, whence, 0);
    return result == -Errno.ENXIO.number() ? -1 : SystemCall.checked(result);
  }

  /** The size of a file, or of a device whose status has none. */
  public long end() throws BlockException {
    return SystemCall.checked(SystemCall.call(SystemCall.LSEEK, number(), 0, SEEK_END, 0));
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
            number(),
            scratch.address + 8,
            length,
            0));
  }

  /** Makes this file's content that of the source, sharing its blocks; EOPNOTSUPP, EXDEV if not. */
  public void cloneFrom(FileDescriptor source) throws BlockException {
    SystemCall.checked(
        SystemCall.call(SystemCall.IOCTL, number(), FICLONE, source.number(), 0));
  }

  /**
   * Makes a range of this file share the source's blocks. Offsets and length are multiples of the
   * file system's block size, but that the length may end with the source; 0 stands for up to there.
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
            scratch, SystemCall.IOCTL, number(), FICLONERANGE, scratch.address, 0, 0, 0));
  }

  /** Tells the system how a range will be used; a length of 0 means up to the end of the file. */
  public void advise(long offset, long length, AccessAdvice advice) throws BlockException {
    SystemCall.checked(
        SystemCall.call(SystemCall.FADVISE64, number(), offset, length, advice.number()));
  }

  /** Turns {@link OpenFlags#DIRECT} on or off; EINVAL if the file system cannot. */
  public void setDirect(boolean direct) throws BlockException {
    long flags = SystemCall.checked(SystemCall.call(SystemCall.FCNTL, number(), F_GETFL));
    long wanted = direct ? flags | OpenFlags.DIRECT : flags & ~OpenFlags.DIRECT;
    SystemCall.checked(SystemCall.call(SystemCall.FCNTL, number(), F_SETFL, wanted, 0));
  }

  /** Where a segment is in memory that the kernel can read. */
  static long addressOf(MemorySegment segment) {
    // A heap segment's address is an offset: the kernel would take it for some other memory.
    if (!segment.isNative()) {
      throw new IllegalArgumentException("not native memory");
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the memory is freed already");
    }
    return segment.address();
  }

  private static long writableAddressOf(MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("read-only memory");
    }
    return addressOf(segment);
  }
}
