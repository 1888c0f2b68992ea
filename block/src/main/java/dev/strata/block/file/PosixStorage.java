// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.file.posix.BlockDevice;
import dev.strata.block.file.posix.FileDescriptor;
import dev.strata.block.file.posix.FileSpace;
import dev.strata.block.file.posix.FileStatus;
import dev.strata.block.file.posix.OpenFlags;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file or block device through the kernel's calls. */
final class PosixStorage implements Storage {
  private final FileDescriptor descriptor;
  private final FileSpace space;
  private final @Nullable BlockDevice device;
  private final BufferPool buffers;
  private final int requestAlignment;
  private final int memoryAlignment;
  private volatile boolean zeroes = true; // until the file system says that it cannot
  private volatile boolean punches = true;

  private PosixStorage(
      FileDescriptor descriptor, boolean direct, FileStatus status, BufferPool buffers)
      throws BlockException {
    this.descriptor = descriptor;
    this.space = new FileSpace(descriptor);
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
    FileDescriptor descriptor = FileDescriptor.open(path, flags, 0644);
    boolean opened = false;
    try {
      boolean direct = (flags & OpenFlags.DIRECT) != 0;
      var storage = new PosixStorage(descriptor, direct, descriptor.status(), buffers);
      opened = true;
      return storage;
    } finally {
      if (!opened) {
        descriptor.close();
      }
    }
  }

  FileDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public long size() throws BlockException {
    return device != null ? device.size() : descriptor.end();
  }

  @Override
  public long allocatedSize() throws BlockException {
    return descriptor.status().allocatedBytes();
  }

  @Override
  public void read(long offset, IoVector into) throws BlockException {
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
  public boolean zero(long offset, long length) throws BlockException {
    if (!zeroes) {
      return false;
    }
    try {
      if (device != null) {
        device.zeroOut(offset, length);
      } else {
        space.zeroRange(offset, length);
      }
      return true;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
    }
    try {
      // A hole that is filled again: zeroes too, for file systems that know no zero range.
      if (device == null && punch(offset, length)) {
        space.allocate(offset, length);
        return true;
      }
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
    }
    zeroes = false;
    return false;
  }

  @Override
  public boolean punch(long offset, long length) throws BlockException {
    if (!punches) {
      return false;
    }
    try {
      if (device != null) {
        device.discard(offset, length);
      } else {
        space.punchHole(offset, length);
      }
      return true;
    } catch (BlockException e) {
      if (!isUnsupported(e)) {
        throw e;
      }
      punches = false;
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
  public @Nullable Run runAt(long offset, long size) throws BlockException {
    if (device != null) {
      return null;
    }
    try {
      long data = space.nextData(offset);
      if (data < 0) {
        return new Run(offset, Math.max(1, size - offset), false);
      }
      if (data > offset) {
        return new Run(offset, data - offset, false);
      }
      long hole = space.nextHole(offset);
      long end = hole < 0 ? size : hole;
      return new Run(offset, Math.max(1, end - offset), true);
    } catch (BlockException e) {
      return null;
    }
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
