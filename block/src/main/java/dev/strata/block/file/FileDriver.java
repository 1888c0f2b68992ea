// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.Deletable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permissions;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file or a block device of the host. */
final class FileDriver implements BlockDriver, Deletable {
  private final String filename;
  private final Path path;
  private final FileOpener opener;
  private final boolean device;
  private Storage storage; // replaced while nothing is in flight
  private @Nullable ImageLocks locks;
  private NodeFlags flags;
  private volatile Storage.@Nullable Run known; // the last answer about data and holes
  private volatile boolean syncFailed;

  FileDriver(
      String filename,
      Path path,
      FileOpener opener,
      boolean device,
      Storage storage,
      @Nullable ImageLocks locks,
      NodeFlags flags) {
    this.filename = filename;
    this.path = path;
    this.opener = opener;
    this.device = device;
    this.storage = storage;
    this.locks = locks;
    this.flags = flags;
  }

  @Override
  public Limits limits() {
    return Limits.NONE
        .withRequestAlignment(storage.requestAlignment())
        .withMemoryAlignment(storage.memoryAlignment())
        .withWriteZeroes(storage.requestAlignment(), 0, RequestFlags.MAY_UNMAP)
        .withDiscard(storage.requestAlignment(), 0);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return !device;
  }

  @Override
  public @Nullable String exactFilename() {
    return filename;
  }

  @Override
  public long length() throws BlockException {
    return storage.size();
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
    known = null;
    storage.write(offset, from);
  }

  @Override
  public void writeZeroes(long offset, long length, int requestFlags) throws BlockException {
    known = null;
    if (RequestFlags.has(requestFlags, RequestFlags.MAY_UNMAP) && storage.punch(offset, length)) {
      // A hole keeps the size: what it reaches beyond the end has to be there all the same.
      if (!device && offset + length > storage.size()) {
        storage.truncate(offset + length);
      }
      return;
    }
    if (!storage.zero(offset, length)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    known = null;
    if (!storage.punch(offset, length)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
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
      // The kernel may have dropped what it could not write: a later success would be a lie.
      syncFailed = !flags.direct();
      throw e;
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    if (detail == StatusDetail.ALLOCATION) {
      return Extent.data(offset, length, null, offset);
    }
    Storage.Run run = known;
    if (run == null || offset < run.offset() || offset >= run.offset() + run.length()) {
      run = storage.runAt(offset, storage.size());
      known = run;
    }
    if (run == null) {
      return Extent.data(offset, length, null, offset);
    }
    long left = Math.min(length, run.offset() + run.length() - offset);
    return run.data()
        ? Extent.data(offset, left, null, offset)
        : new Extent(offset, left, false, true, true, false, null, offset, false);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int requestFlags)
      throws BlockException {
    known = null;
    long old = storage.size();
    if (device) {
      truncateDevice(old, length, exact, mode);
      return;
    }
    if (mode != Preallocation.OFF && length < old) {
      throw new BlockException(Errno.EINVAL, "Preallocation can't be used for shrinking files");
    }
    boolean done = false;
    try {
      switch (mode) {
        case OFF -> truncateTo(length);
        case FALLOC -> preallocate(old, length);
        case FULL -> fill(old, length);
        case METADATA ->
            throw new BlockException(
                Errno.EOPNOTSUPP, "Unsupported preallocation mode '" + mode.word() + "'");
      }
      done = true;
    } finally {
      if (!done && storage.size() > old) {
        storage.truncate(old);
      }
    }
  }

  private static void truncateDevice(long size, long length, boolean exact, Preallocation mode)
      throws BlockException {
    if (mode != Preallocation.OFF) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Preallocation mode '" + mode.word() + "' unsupported for this node");
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
      throw BlockException.of(e.errno(), "Failed to resize file");
    }
  }

  private void preallocate(long old, long length) throws BlockException {
    if (length == old) {
      return;
    }
    try {
      storage.allocate(old, length - old);
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not preallocate data for the new file");
    }
  }

  private void fill(long old, long length) throws BlockException {
    truncateTo(length);
    var zeroes = IoVector.of(new byte[(int) Math.min(64 << 10, Math.max(1, length - old))]);
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
    ImageLocks held = locks;
    if (held != null) {
      held.change(all);
    }
  }

  @Override
  public void reopen(NodeFlags newFlags, BlockOptions options) throws BlockException {
    if (newFlags.writable() == flags.writable() && newFlags.direct() == flags.direct()) {
      flags = newFlags;
      return;
    }
    Storage replacement;
    try {
      replacement = opener.open(newFlags);
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not reopen file");
    }
    ImageLocks held = locks;
    if (held != null) {
      locks = opener.locks(replacement, held);
    }
    Storage old = storage;
    storage = replacement;
    flags = newFlags;
    known = null;
    old.close();
  }

  @Override
  public void delete() throws BlockException {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw ChannelStorage.translate(e);
    }
  }

  @Override
  public void close() throws BlockException {
    storage.close();
  }
}
