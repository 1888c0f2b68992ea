// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.CopyOffload;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.Deletable;
import dev.strata.block.driver.DiscardCounts;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.RemovableMedium;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A file or a block device of the host. */
final class FileDriver
    implements BlockDriver, CopyOffload, Deletable, DiscardCounts, RemovableMedium {
  /** An answer about data and holes, and the changes that it knew of. */
  private record Known(Storage.Run run, long changes) {}

  private static final int ZERO_BUFFER = 64 << 10;
  private static final int FIRST_BLOCK = 4096;
  private static final int SECTOR = 512;

  private final FileOpener opener;
  private Storage storage; // replaced while nothing is in flight
  private @Nullable ImageLocks locks;
  private NodeFlags flags;
  private volatile @Nullable Known known; // the last answer, so that a run is looked for once
  private final AtomicLong changes = new AtomicLong(); // requests done that may have moved holes
  private final AtomicLong discards = new AtomicLong();
  private final AtomicLong failedDiscards = new AtomicLong();
  private final AtomicLong discardedBytes = new AtomicLong();
  private volatile boolean syncFailed;

  FileDriver(FileOpener opener, Storage storage, @Nullable ImageLocks locks, NodeFlags flags) {
    this.opener = opener;
    this.storage = storage;
    this.locks = locks;
    this.flags = flags;
  }

  @Override
  public Limits limits() {
    int alignment = storage.requestAlignment();
    return Limits.NONE
        .withRequestAlignment(alignment)
        .withMemoryAlignment(storage.memoryAlignment())
        .withTransfer(storage.maxTransfer(), 0)
        .withWriteZeroes(alignment, 0, RequestFlags.MAY_UNMAP)
        .withDiscard(alignment, 0)
        // Without it the graph flushes, or leaves that out where flushes do not go to the host.
        .withWriteFlags(flags.noFlush() ? 0 : RequestFlags.FUA);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return !opener.kind().isDevice();
  }

  @Override
  public @Nullable String exactFilename() {
    return opener.filename();
  }

  @Override
  public long length() throws BlockException {
    return hasMedium() ? storage.size() : 0;
  }

  @Override
  public boolean tellsOfClusters() {
    return true;
  }

  @Override
  public boolean hasMedium() {
    return opener.kind() != HostFileKind.CDROM || storage.hasDisc();
  }

  @Override
  public long allocatedSize() throws BlockException {
    return storage.allocatedSize();
  }

  @Override
  public void read(long offset, IoVector into, int requestFlags) throws BlockException {
    storage.read(offset, into);
  }

  @Override
  public void write(long offset, IoVector from, int requestFlags) throws BlockException {
    try {
      if (RequestFlags.has(requestFlags, RequestFlags.FUA)) {
        writeThrough(offset, from);
      } else {
        storage.write(offset, from);
      }
    } finally {
      dataWritten(offset, from.length());
    }
  }

  private void writeThrough(long offset, IoVector from) throws BlockException {
    if (syncFailed) {
      throw BlockException.of(Errno.EIO);
    }
    try {
      storage.writeThrough(offset, from);
    } catch (BlockException e) {
      noteFailedSync(e);
      throw e;
    }
  }

  /** Forgets what was known, unless it is that data is there, which writing does not change. */
  private void dataWritten(long offset, long length) {
    Known last = known;
    if (last == null
        || last.changes() != changes.get()
        || !last.run().data()
        || offset < last.run().offset()
        || offset + length > last.run().end()) {
      changes.incrementAndGet();
    }
  }

  @Override
  public void writeZeroes(long offset, long length, int requestFlags) throws BlockException {
    boolean unmap = RequestFlags.has(requestFlags, RequestFlags.MAY_UNMAP);
    boolean quick = RequestFlags.has(requestFlags, RequestFlags.NO_FALLBACK);
    try {
      if (!storage.zero(offset, length, unmap, quick)) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
    } finally {
      changes.incrementAndGet();
    }
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    boolean done = false;
    try {
      done = storage.discard(offset, length);
      if (!done) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
    } finally {
      changes.incrementAndGet();
      (done ? discards : failedDiscards).incrementAndGet();
      discardedBytes.addAndGet(done ? length : 0);
    }
  }

  @Override
  public long discards() {
    return discards.get();
  }

  @Override
  public long failedDiscards() {
    return failedDiscards.get();
  }

  @Override
  public long discardedBytes() {
    return discardedBytes.get();
  }

  @Override
  public long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    if (!(source instanceof FileDriver from)) {
      return 0;
    }
    try {
      return storage.copyFrom(from.storage, sourceOffset, offset, length);
    } finally {
      changes.incrementAndGet();
    }
  }

  @Override
  public void flush() throws BlockException {
    if (syncFailed) {
      throw BlockException.of(Errno.EIO);
    }
    try {
      storage.sync();
    } catch (BlockException e) {
      noteFailedSync(e);
      throw e;
    }
  }

  /**
   * The kernel may have dropped the pages that it could not write, and reports that once: a later
   * success would be a lie.
   */
  private void noteFailedSync(BlockException e) {
    syncFailed |= !flags.direct() && e.errno() == Errno.EIO;
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    if (detail == StatusDetail.ALLOCATION) {
      return Extent.data(offset, length, null, offset);
    }
    Storage.Run run = runAt(offset);
    if (run == null) {
      return Extent.data(offset, length, null, offset);
    }
    long left = Math.min(length, run.end() - offset);
    return run.data()
        ? Extent.data(offset, left, null, offset)
        : new Extent(offset, left, false, true, true, false, null, offset, false);
  }

  private Storage.@Nullable Run runAt(long offset) throws BlockException {
    Known last = known;
    // Read before the file is looked at: a write that ends in between makes the answer outdated.
    long now = changes.get();
    boolean isData = false;
    if (last != null && last.changes() == now) {
      Storage.Run run = last.run();
      if (offset >= run.offset() && offset < run.end()) {
        return run;
      }
      isData = !run.data() && offset == run.end();
    }
    Storage.Run run = storage.runAt(offset, isData);
    if (run != null) {
      known = new Known(run, now);
    }
    return run;
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int requestFlags)
      throws BlockException {
    long old = storage.size();
    if (opener.kind().isDevice()) {
      truncateDevice(old, length, exact, mode);
      return;
    }
    if (mode == Preallocation.METADATA) {
      throw new BlockException(Errno.EOPNOTSUPP, "Unsupported preallocation mode: " + mode.word());
    }
    if (mode != Preallocation.OFF && length < old) {
      throw new BlockException(Errno.EINVAL, "Cannot use preallocation for shrinking files");
    }
    boolean done = false;
    try {
      switch (mode) {
        case OFF -> truncateTo(length);
        case FALLOC -> preallocate(old, length);
        default -> fill(old, length);
      }
      if (old == 0 && mode != Preallocation.FULL) {
        allocateFirstBlock(length);
      }
      done = true;
    } finally {
      if (!done && storage.size() > old) {
        storage.truncate(old);
      }
      changes.incrementAndGet();
    }
  }

  /**
   * Network file systems tell the alignment of direct I/O only where there is data; the reference
   * leaves a block in new files for that reason, and so the sizes on disk are the same.
   */
  private void allocateFirstBlock(long length) throws BlockException {
    int part = (int) Math.min(length, FIRST_BLOCK) & -SECTOR;
    if (part == FIRST_BLOCK || (part > 0 && !flags.direct())) { // past the cache by whole blocks
      ByteBuffer block = ByteBuffer.allocateDirect(2 * FIRST_BLOCK).alignedSlice(FIRST_BLOCK);
      storage.write(0, IoVector.of(block.slice(0, part)));
    }
  }

  private static void truncateDevice(long size, long length, boolean exact, Preallocation mode)
      throws BlockException {
    if (mode != Preallocation.OFF) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Preallocation mode '" + mode.word() + "' unsupported for this non-regular file");
    }
    if (length != size && exact) {
      throw new BlockException(Errno.EOPNOTSUPP, "Cannot resize device files");
    }
    if (length > size) {
      throw new BlockException(Errno.EINVAL, "Cannot grow device files");
    }
  }

  private void truncateTo(long length) throws BlockException {
    try {
      storage.truncate(length);
    } catch (BlockException e) {
      throw e.errno() == Errno.EFBIG ? e : BlockException.of(e.errno(), "Failed to resize file");
    }
  }

  private void preallocate(long old, long length) throws BlockException {
    if (length == old) {
      return;
    }
    try {
      storage.allocate(old, length - old);
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not preallocate new data");
    }
  }

  private void fill(long old, long length) throws BlockException {
    truncateTo(length);
    var zeroes =
        IoVector.of(
            ByteBuffer.allocateDirect((int) Math.min(ZERO_BUFFER, Math.max(1, length - old))));
    for (long at = old; at < length; ) {
      long part = Math.min(zeroes.length(), length - at);
      try {
        storage.write(at, zeroes.slice(0, part));
      } catch (BlockException e) {
        throw BlockException.of(e.errno(), "Could not write zeros for preallocation");
      }
      at += part;
    }
    try {
      storage.sync();
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not flush file to disk");
    }
  }

  @Override
  public void permissions(Permissions all) throws BlockException {
    boolean writes = all.writes() || all.needed().contains(Permission.RESIZE);
    if (writes && flags.writable() && !storage.writable()) {
      // Opened read-only because nobody wrote (auto-read-only); now somebody will.
      try {
        replaceStorage(opener.open(flags.withAutoReadOnly(false)));
      } catch (BlockException e) {
        throw BlockException.of(e.errno(), "Could not open '" + opener.filename() + "'");
      }
    }
    ImageLocks held = locks;
    if (held != null) {
      held.change(all);
    }
  }

  @Override
  public Undo reopen(NodeFlags newFlags, BlockOptions options) throws BlockException {
    options.take(FileOptions.DROP_CACHE);
    options.take(FileOptions.CHECK_CACHE_DROPPED);
    if (newFlags.writable() != flags.writable() || newFlags.direct() != flags.direct()) {
      try {
        replaceStorage(opener.open(newFlags));
      } catch (BlockException e) {
        throw BlockException.of(e.errno(), "Could not reopen file");
      }
    }
    flags = newFlags;
    return Undo.NOTHING;
  }

  @Override
  public void forget() {
    changes.incrementAndGet();
  }

  /** Goes on with another descriptor of the same file, which has the same locks first. */
  private void replaceStorage(Storage replacement) throws BlockException {
    boolean moved = false;
    try {
      ImageLocks held = locks;
      if (held != null) {
        locks = opener.locks(replacement, held);
      }
      moved = true;
    } finally {
      if (!moved) {
        replacement.close();
      }
    }
    Storage old = storage;
    storage = replacement;
    changes.incrementAndGet();
    old.close();
  }

  /** A device is nothing to delete: it was not created either, and is not an image's alone. */
  @Override
  public <C> Optional<C> capability(Class<C> type) {
    return type.isInstance(this) && !(opener.kind().isDevice() && type == Deletable.class)
        ? Optional.of(type.cast(this))
        : Optional.empty();
  }

  @Override
  public void delete() throws BlockException {
    if (opener.kind().isDevice()) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    try {
      Files.deleteIfExists(opener.path());
    } catch (IOException e) {
      throw ChannelStorage.translate(e);
    }
  }

  @Override
  public void close() throws BlockException {
    storage.close();
  }
}
