// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkverify;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.ImageName;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Trusts the raw copy and compares. */
final class BlkverifyDriver extends FilterDriver {
  private static final int BUFFER_SIZE = 1 << 20;

  private final Child raw;
  private final OpenContext context;

  BlkverifyDriver(Child raw, Child test, OpenContext context) {
    super(test);
    this.raw = raw;
    this.context = context;
  }

  @Override
  public Limits limits() {
    Limits a = raw.limits();
    Limits b = file().limits();
    // Zeroes are written as data, so that both have the same to do.
    return Limits.NONE
        .withRequestAlignment(Math.max(a.requestAlignment(), b.requestAlignment()))
        .withMemoryAlignment(Math.max(a.memoryAlignment(), b.memoryAlignment()));
  }

  /** Two disks are below: what one of them can do this one cannot. */
  @Override
  public <C> Optional<C> capability(Class<C> type) {
    return type.isInstance(this) ? Optional.of(type.cast(this)) : Optional.empty();
  }

  @Override
  public long allocatedSize() {
    return UNKNOWN_SIZE;
  }

  @Override
  public @Nullable String exactFilename() {
    String rawName = raw.filename();
    String testName = file().filename();
    return ImageName.isJson(rawName) || ImageName.isJson(testName)
        ? null
        : "blkverify:" + rawName + ":" + testName;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    super.read(offset, into, flags);
    long length = into.length();
    try (BufferPool.Buffer wanted = context.buffers().acquire(Math.min(length, BUFFER_SIZE))) {
      for (long done = 0; done < length; ) {
        long part = Math.min(length - done, BUFFER_SIZE);
        raw.read(offset + done, wanted.vector(part), flags);
        long difference = mismatch(wanted.segment(), into.slice(done, part));
        if (difference >= 0) {
          String message =
              "blkverify: read offset="
                  + offset
                  + " bytes="
                  + length
                  + " contents mismatch at offset "
                  + (offset + done + difference);
          context.tell(new BlockEvent.ContentsDiffer(context.nodeName(), message));
          throw new BlockException(Errno.EIO, message);
        }
        done += part;
      }
    }
  }

  /** Where the bytes differ, or -1. */
  private static long mismatch(MemorySegment wanted, IoVector found) {
    long at = 0;
    for (int i = 0; i < found.count(); i++) {
      MemorySegment segment = found.segment(i);
      long difference = segment.mismatch(wanted.asSlice(at, segment.byteSize()));
      if (difference >= 0) {
        return at + difference;
      }
      at += segment.byteSize();
    }
    return -1;
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    super.write(offset, from, flags);
    raw.write(offset, from, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    // What is read afterwards could differ with good reason.
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public void flush() throws BlockException {
    super.flush();
    raw.flush();
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    throw new BlockException(Errno.EOPNOTSUPP, "Image format driver does not support resize");
  }
}
