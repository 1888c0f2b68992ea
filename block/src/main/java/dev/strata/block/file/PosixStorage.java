// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.posix.BlockDevice;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.FileSpace;
import dev.strata.block.posix.FileStatus;
import dev.strata.block.posix.IovecArray;
import dev.strata.block.posix.OpenFlags;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A file or block device through the kernel's calls. */
final class PosixStorage implements Storage {
  /** So many pieces of a scattered request go into one call. */
  private static final int PIECES = 64;

  private static final int MAX_IDLE_VECTORS = 16;

  private final FileDescriptor descriptor;
  private final FileSpace space;
  private final @Nullable EarlyAllocation allocation;
  private final @Nullable BlockDevice device;
  private final BufferPool buffers;
  private final int requestAlignment;
  private final int memoryAlignment;
  private final Kind kind;
  private final boolean writable;
  private final ArrayDeque<IovecArray> vectors = new ArrayDeque<>(); // guarded by itself
  private volatile boolean zeroes = true; // until the file system says that it cannot
  private volatile boolean punches = true;
  private volatile boolean discards = true;
  private volatile boolean writesThrough = true;
  private volatile boolean copies = true;

  private PosixStorage(
      FileDescriptor descriptor, int openFlags, FileStatus status, BufferPool buffers)
      throws BlockException {
    boolean direct = (openFlags & OpenFlags.DIRECT) != 0;
    this.descriptor = descriptor;
    this.writable = (openFlags & OpenFlags.READ_WRITE) != 0;
    this.kind =
        status.isRegularFile()
            ? Kind.REGULAR
            : status.isBlockDevice() || status.isCharacterDevice() ? Kind.DEVICE : Kind.OTHER;
    this.space = new FileSpace(descriptor);
    this.allocation =
        status.isRegularFile() && !direct ? new EarlyAllocation(descriptor, space) : null;
    this.device = status.isBlockDevice() ? new BlockDevice(descriptor) : null;
    this.buffers = buffers;
    if (!direct) {
      requestAlignment = 1;
      memoryAlignment = 1;
    } else {
      BlockDevice block = device;
      int offsets = block != null ? block.logicalBlockSize() : status.directOffsetAlignment();
      // What is not told: a sector's size would do for most disks, a page's does for all.
      requestAlignment = offsets > 0 ? offsets : BufferPool.ALIGNMENT;
      int memory = status.directMemoryAlignment();
      memoryAlignment = Math.max(memory > 0 ? memory : 1, requestAlignment);
    }
  }

  /** Opens with those {@link OpenFlags}. */
  static PosixStorage open(Path path, int flags, BufferPool buffers) throws BlockException {
    FileDescriptor descriptor = descriptor(path, flags);
    boolean opened = false;
    try {
      var storage = new PosixStorage(descriptor, flags, descriptor.status(), buffers);
      opened = true;
      return storage;
    } finally {
      if (!opened) {
        descriptor.close();
      }
    }
  }

  private static FileDescriptor descriptor(Path path, int flags) throws BlockException {
    String name = path.toString();
    if (!DescriptorSets.isSet(name)) {
      return FileDescriptor.open(path, flags, 0644);
    }
    FileDescriptor given = DescriptorSets.OF_PROCESS.open(name, flags);
    try {
      given.setDirect((flags & OpenFlags.DIRECT) != 0);
      return given;
    } catch (BlockException e) {
      given.close();
      throw e;
    }
  }

  FileDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public long size() throws BlockException {
    return device != null ? device.size() : descriptor.end();
  }

  @Override
  public boolean hasDisc() {
    return device != null && device.hasDisc();
  }

  @Override
  public long allocatedSize() throws BlockException {
    return descriptor.status().allocatedBytes();
  }

  @Override
  public void read(long offset, IoVector into) throws BlockException {
    if (into.count() > 1 && isNative(into)) {
      readPieces(offset, into);
      return;
    }
    for (int i = 0; i < into.count(); i++) {
      MemorySegment segment = into.segment(i);
      if (segment.isNative()) {
        readSegment(offset, segment);
      } else {
        try (BufferPool.Buffer bounce = buffers.acquire(segment.byteSize())) {
          readSegment(offset, bounce.segment());
          segment.copyFrom(bounce.segment());
        }
      }
      offset += segment.byteSize();
    }
  }

  private static boolean isNative(IoVector vector) {
    for (int i = 0; i < vector.count(); i++) {
      if (!vector.segment(i).isNative()) {
        return false;
      }
    }
    return true;
  }

  /** Scatters what one call reads. */
  private void readPieces(long offset, IoVector into) throws BlockException {
    IovecArray pieces = borrowVector();
    try {
      long done = 0;
      for (int next = 0; next < into.count(); ) {
        next = fill(pieces, into, next);
        while (pieces.remaining() > 0) {
          long more = descriptor.read(pieces, offset + done);
          if (more == 0) {
            into.slice(done, into.length() - done).fill((byte) 0);
            return;
          }
          pieces.consume(more);
          done += more;
        }
      }
    } finally {
      giveBack(pieces);
    }
  }

  /** Gathers for one call; with {@code through} it returns when the bytes are on stable storage. */
  private void writePieces(long offset, IoVector from, boolean through) throws BlockException {
    IovecArray pieces = borrowVector();
    try {
      long done = 0;
      for (int next = 0; next < from.count(); ) {
        next = fill(pieces, from, next);
        while (pieces.remaining() > 0) {
          long more =
              through
                  ? descriptor.writeThrough(pieces, offset + done)
                  : descriptor.write(pieces, offset + done);
          if (more == 0) {
            throw BlockException.of(Errno.ENOSPC);
          }
          pieces.consume(more);
          done += more;
        }
      }
    } finally {
      giveBack(pieces);
    }
  }

  /** Takes segments from {@code first} on; the index of the first that found no room. */
  private static int fill(IovecArray pieces, IoVector vector, int first) {
    pieces.clear();
    int next = first;
    for (; next < vector.count() && !pieces.isFull(); next++) {
      MemorySegment segment = vector.segment(next);
      if (segment.byteSize() > 0) {
        pieces.add(segment);
      }
    }
    return next;
  }

  private IovecArray borrowVector() {
    synchronized (vectors) {
      IovecArray idle = vectors.pollLast();
      return idle != null ? idle : new IovecArray(PIECES);
    }
  }

  private void giveBack(IovecArray pieces) {
    pieces.clear();
    synchronized (vectors) {
      if (vectors.size() < MAX_IDLE_VECTORS) {
        vectors.addLast(pieces);
      }
    }
  }

  private void readSegment(long offset, MemorySegment into) throws BlockException {
    long done = descriptor.read(into, offset);
    long length = into.byteSize();
    while (done < length) {
      long more = descriptor.read(into.asSlice(done), offset + done);
      if (more == 0) {
        into.asSlice(done).fill((byte) 0);
        return;
      }
      done += more;
    }
  }

  @Override
  public void write(long offset, IoVector from) throws BlockException {
    if (allocation != null) {
      allocation.beforeWrite(offset, from.length());
    }
    if (from.count() > 1 && isNative(from)) {
      writePieces(offset, from, false);
      return;
    }
    for (int i = 0; i < from.count(); i++) {
      MemorySegment segment = from.segment(i);
      if (segment.isNative()) {
        writeSegment(offset, segment);
      } else {
        try (BufferPool.Buffer bounce = buffers.acquire(segment.byteSize())) {
          bounce.segment().copyFrom(segment);
          writeSegment(offset, bounce.segment());
        }
      }
      offset += segment.byteSize();
    }
  }

  private void writeSegment(long offset, MemorySegment from) throws BlockException {
    long length = from.byteSize();
    long done = descriptor.write(from, offset);
    while (done < length) {
      long more = descriptor.write(from.asSlice(done), offset + done);
      if (more == 0) {
        throw BlockException.of(Errno.ENOSPC);
      }
      done += more;
    }
  }

  @Override
  public void writeThrough(long offset, IoVector from) throws BlockException {
    if (!isNative(from)) {
      try (BufferPool.Buffer bounce = buffers.acquire(from.length())) {
        from.copyTo(0, bounce.segment());
        writeThrough(offset, bounce.vector());
      }
      return;
    }
    if (writesThrough) {
      try {
        writePieces(offset, from, true);
        return;
      } catch (BlockException e) {
        if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.ENOSYS) {
          throw e;
        }
        writesThrough = false;
      }
    }
    writePieces(offset, from, false);
    sync();
  }

  @Override
  public void sync() throws BlockException {
    descriptor.syncData();
  }

  @Override
  public void truncate(long size) throws BlockException {
    descriptor.truncate(size);
  }

  @Override
  public void allocate(long offset, long length) throws BlockException {
    space.allocateOrWrite(offset, length);
  }

  @Override
  public boolean zero(long offset, long length, boolean unmap, boolean quick)
      throws BlockException {
    // A hole keeps the size, so it is no way to make zeroes beyond the end.
    boolean inside = kind == Kind.DEVICE || offset + length <= size();
    if (unmap && inside && punch(offset, length)) {
      return true;
    }
    if (device != null) {
      return !quick && zeroOut(device, offset, length);
    }
    if (!zeroes) {
      return false;
    }
    try {
      space.zeroRange(offset, length);
      return true;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
    }
    try {
      // For file systems that know no zero range: a hole that is filled again, or just growth.
      if (offset >= size() || (inside && punch(offset, length))) {
        space.allocate(offset, length);
        return true;
      }
      return false;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
      zeroes = false;
      return false;
    }
  }

  private boolean zeroOut(BlockDevice block, long offset, long length) throws BlockException {
    if (!zeroes) {
      return false;
    }
    try {
      block.zeroOut(offset, length);
      return true;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
      zeroes = e.errno() == Errno.EINVAL; // that range only
      return false;
    }
  }

  /** Makes a hole, which reads as zeroes, in a file or in what a device maps. */
  private boolean punch(long offset, long length) throws BlockException {
    if (!punches) {
      return false;
    }
    try {
      space.punchHole(offset, length);
      return true;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
      punches = e.errno() == Errno.EINVAL; // that range only
      return false;
    }
  }

  @Override
  public boolean discard(long offset, long length) throws BlockException {
    if (device == null) {
      return punch(offset, length);
    }
    if (!discards) {
      return false;
    }
    try {
      device.discard(offset, length);
      return true;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
      discards = e.errno() == Errno.EINVAL; // that range only
      return false;
    }
  }

  private static boolean isUnsupported(BlockException e) {
    return switch (e.errno()) {
      case EOPNOTSUPP, ENOSYS, EINVAL, ENOTTY, EPERM, ENODEV -> true;
      default -> false;
    };
  }

  @Override
  public @Nullable Run runAt(long offset, boolean isData) throws BlockException {
    if (kind != Kind.REGULAR) {
      return null;
    }
    try {
      if (!isData) {
        long data = space.nextData(offset);
        if (data < 0) {
          return new Run(offset, Long.MAX_VALUE - offset, false); // nothing up to the end or behind
        }
        if (data > offset) {
          return new Run(offset, data - offset, false);
        }
      }
      long hole = space.nextHole(offset);
      // At its end or cut off meanwhile, or not told well: claim as little as possible.
      return hole <= offset ? null : new Run(offset, hole - offset, true);
    } catch (BlockException e) {
      return null;
    }
  }

  @Override
  public long copyFrom(Storage source, long sourceOffset, long offset, long length)
      throws BlockException {
    if (!(source instanceof PosixStorage other) || !copies) {
      return 0;
    }
    try {
      return space.copyFrom(other.descriptor, sourceOffset, offset, length);
    } catch (BlockException e) {
      switch (e.errno()) {
        case EXDEV, EOPNOTSUPP, ENOSYS, EBADF, ETXTBSY -> copies = false;
        case EINVAL -> {} // ranges of one file that overlap
        default -> throw e;
      }
      return 0;
    }
  }

  @Override
  public long maxTransfer() {
    return 0;
  }

  @Override
  public int requestAlignment() {
    return requestAlignment;
  }

  @Override
  public int memoryAlignment() {
    return memoryAlignment;
  }

  @Override
  public void close() throws BlockException {
    descriptor.close();
  }
}
