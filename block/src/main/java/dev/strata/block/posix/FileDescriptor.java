// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

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
 * of its {@link Errno} alone: the caller adds what it was doing. Reads and writes may move less
 * than asked for, as those of the system; whoever wants all asks again.
 *
 * <p>Any thread may call, also several at a time. Not guarded, since a guard would cost each
 * request two atomic operations that the block graph's gates make already: nobody may close the
 * descriptor, or free a segment, that a call in progress uses. After {@link #close} all calls fail
 * with EBADF. Calls block their thread, a virtual one's carrier included.
 */
public final class FileDescriptor implements AutoCloseable {
  /** What {@link #readCached} returns if the data is not in memory. */
  public static final long WOULD_BLOCK = -1;

  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;

  private static final int RWF_DSYNC = 0x2; // linux/fs.h
  private static final int RWF_NOWAIT = 0x8;

  private static final int SEEK_END = 2;

  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private static final int F_GETFD = 1;
  private static final int FD_CLOEXEC = 1;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int ACCESS_MODES = 3; // O_ACCMODE

  private static final long EXT4_SUPER_MAGIC = 0xef53; // linux/magic.h

  private static final int CLOSED = -1;

  private final AtomicInteger number;

  /** Takes an open descriptor over, which nobody else closes. */
  FileDescriptor(int number) {
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

  /**
   * Takes over a descriptor that whoever started this process left open for it.
   *
   * @throws BlockException EBADF if none of that number is open, EBUSY if this process has opened
   *     it
   */
  public static FileDescriptor inherited(int number) throws BlockException {
    long flags = SystemCall.checked(SystemCall.call(SystemCall.FCNTL, number, F_GETFD));
    if ((flags & FD_CLOEXEC) != 0 || OwnFiles.has(number)) {
      throw BlockException.of(Errno.EBUSY);
    }
    return new FileDescriptor(number);
  }

  /** Another descriptor of the same open file, with its offset, its flags and its locks. */
  public FileDescriptor duplicate() throws BlockException {
    long result = SystemCall.call(SystemCall.FCNTL, number(), F_DUPFD_CLOEXEC, 0, 0);
    return new FileDescriptor((int) SystemCall.checked(result));
  }

  /**
   * What the file was opened for: {@link OpenFlags#READ_ONLY}, {@link OpenFlags#WRITE_ONLY} or
   * {@link OpenFlags#READ_WRITE}.
   */
  public int accessMode() throws BlockException {
    long flags = SystemCall.checked(SystemCall.call(SystemCall.FCNTL, number(), F_GETFL));
    return (int) flags & ACCESS_MODES;
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
    long result = SystemCall.callOnce(Scratch.ofThread(), SystemCall.CLOSE, open, 0, 0, 0, 0, 0);
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

  /** Whether the file's file system is ext4, or an ext2 or ext3 that ext4's driver serves. */
  public boolean isOnExt4() throws BlockException {
    Scratch scratch = Scratch.ofThread();
    SystemCall.checked(
        SystemCall.call(scratch, SystemCall.FSTATFS, number(), scratch.address, 0, 0, 0, 0));
    return scratch.structure.getLong(0) == EXT4_SUPER_MAGIC; // f_type
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
    if (pieces.count() == 1 && flags == 0) {
      // The kernel need not fetch the array then.
      long plain = call == SystemCall.PREADV2 ? SystemCall.PREAD64 : SystemCall.PWRITE64;
      long result =
          SystemCall.call(plain, number(), pieces.firstAddress(), pieces.remaining(), position);
      Reference.reachabilityFence(pieces);
      return result;
    }
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
   * The size of a file, or of a device whose status has none. Moves the file offset, which nothing
   * here uses.
   */
  public long end() throws BlockException {
    return SystemCall.checked(SystemCall.call(SystemCall.LSEEK, number(), 0, SEEK_END, 0));
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
