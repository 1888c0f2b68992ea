// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.raw;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.CopyOffload;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.VmStateStore;
import dev.strata.block.option.BlockOptions;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A raw image: every request goes to the file, moved by the window's offset.
 *
 * <p>If nobody said that the image is raw, a guest could write another format's header into its
 * first sector and have the host open files of its choosing at the next start; so such a write is
 * refused.
 */
final class RawImage implements BlockDriver {
  /** What a write may not make look like another format. */
  private static final int GUARDED_BYTES = 512;

  private final OpenContext context;
  private final Child file;
  private volatile RawWindow window; // changed by reopen only, when nothing is in flight

  RawImage(OpenContext context, Child file, RawWindow window) {
    this.context = context;
    this.file = file;
    this.window = window;
  }

  @Override
  public Limits limits() {
    Limits below = file.limits();
    // The edge cuts and pads for the file; a guarded first sector has to come in one piece.
    return below
        .withRequestAlignment(context.probed() ? GUARDED_BYTES : 1)
        .withWriteFlags(below.writeFlags() & ~RequestFlags.COMPRESSED);
  }

  @Override
  public long length() throws BlockException {
    RawWindow now = window;
    return now.size() != null ? now.size() : Math.max(0, file.length() - now.offset());
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    file.event(DebugEvent.READ_AIO);
    file.read(window.offset() + offset, into, flags);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    if (context.probed() && offset < GUARDED_BYTES) {
      guard(from);
    }
    file.event(DebugEvent.WRITE_AIO);
    file.write(placeOf(offset, from.length()), from, flags);
  }

  private void guard(IoVector from) throws BlockException {
    byte[] head = new byte[(int) Math.min(GUARDED_BYTES, from.length())];
    from.copyTo(0, MemorySegment.ofArray(head));
    if (!context.probe(head).equals("raw")) {
      throw BlockException.of(Errno.EPERM);
    }
  }

  @Override
  public long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    if (context.probed() && offset < GUARDED_BYTES) {
      return 0; // the guard has to see the bytes
    }
    return file.copyFrom(source, sourceOffset, placeOf(offset, length), length);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    file.writeZeroes(placeOf(offset, length), length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    file.discard(placeOf(offset, length), length);
  }

  /** Nothing is kept here, and the graph flushes the file itself. */
  @Override
  public void flush() {}

  @Override
  public boolean passesStatusOn() {
    return true;
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    long place = window.offset() + offset;
    if (place >= file.length()) {
      // A window that ends within a sector is rounded up beyond its file.
      return Extent.zero(offset, length);
    }
    return file.status(place, length, detail).through(file, offset);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    RawWindow now = window;
    if (now.size() != null) {
      throw new BlockException(Errno.EOPNOTSUPP, "Cannot resize fixed-size raw disks");
    }
    if (length > Long.MAX_VALUE - now.offset()) {
      throw new BlockException(Errno.EINVAL, "Disk size too large for the chosen offset");
    }
    file.truncate(length + now.offset(), exact, mode, flags);
  }

  /** Where a write goes; whoever may grow an image may not grow it beyond a size that was given. */
  private long placeOf(long offset, long length) throws BlockException {
    long start = window.offset();
    Long size = window.size();
    if (size != null && (offset > size || length > size - offset)) {
      throw BlockException.of(Errno.ENOSPC);
    }
    if (offset > Long.MAX_VALUE - start - length) {
      throw BlockException.of(Errno.EINVAL);
    }
    return start + offset;
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return file.readsZeroAfterCreate();
  }

  /** The file's snapshots are this disk's. What else the file's format can do is not raw's. */
  @Override
  public <C> Optional<C> capability(Class<C> type) {
    return type == SnapshotStore.class || type == VmStateStore.class
        ? file.capability(type)
        : Optional.empty();
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    return reopen(window.changed(options));
  }

  @Override
  public Undo reopenAnew(NodeFlags flags, BlockOptions options) throws BlockException {
    return reopen(RawWindow.WHOLE.changed(options));
  }

  private Undo reopen(RawWindow changed) throws BlockException {
    changed.check(file);
    RawWindow old = window;
    window = changed;
    return () -> window = old;
  }

  @Override
  public void close() {}
}
