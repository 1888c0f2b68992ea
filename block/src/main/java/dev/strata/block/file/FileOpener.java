// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.posix.AdvisoryLocks;
import dev.strata.block.posix.OpenFlags;
import dev.strata.block.posix.Posix;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens one file, the way its node's flags ask for, as often as these change. */
record FileOpener(HostFileKind kind, String filename, Path path, BufferPool buffers) {

  /**
   * Opens it, read-only if nothing else is allowed and the flags leave that open. The message of a
   * failure is not the system's words alone where it says more.
   */
  Storage open(NodeFlags flags) throws BlockException {
    try {
      return open(flags.writable(), flags.direct(), false);
    } catch (BlockException e) {
      boolean denied =
          switch (e.errno()) {
            case EACCES, EROFS, EPERM -> true;
            default -> false;
          };
      if (!denied || !flags.writable() || !flags.autoReadOnly()) {
        throw e;
      }
      return open(false, flags.direct(), false);
    }
  }

  /** Opens it for writing, made if it is not there; its content stays. */
  Storage create() throws BlockException {
    return open(true, false, true);
  }

  private Storage open(boolean writable, boolean direct, boolean create) throws BlockException {
    if (Posix.canOpen(path)) {
      int flags = writable ? OpenFlags.READ_WRITE : OpenFlags.READ_ONLY;
      flags |= kind.openFlags() | (create ? OpenFlags.CREATE : 0);
      return direct ? openDirect(flags) : PosixStorage.open(path, flags, buffers);
    }
    if (direct) {
      String reason = Posix.unavailableReason();
      throw new BlockException(
          Errno.EINVAL,
          "cache.direct=on is not possible here: "
              + (reason != null ? reason : "not a file of the host's own file systems"));
    }
    Set<OpenOption> options = new HashSet<>();
    options.add(StandardOpenOption.READ);
    if (writable) {
      options.add(StandardOpenOption.WRITE);
    }
    if (create) {
      options.add(StandardOpenOption.CREATE);
    }
    return ChannelStorage.open(path, options);
  }

  private Storage openDirect(int flags) throws BlockException {
    try {
      return PosixStorage.open(path, flags | OpenFlags.DIRECT, buffers);
    } catch (BlockException e) {
      if (e.errno() == Errno.EINVAL) {
        throw new BlockException(Errno.EINVAL, "filesystem does not support O_DIRECT").causedBy(e);
      }
      throw e;
    }
  }

  /** Locks on that storage, or null where there are none. */
  @Nullable ImageLocks locks(Storage storage) {
    if (!(storage instanceof PosixStorage posix)) {
      return null;
    }
    var locks = new AdvisoryLocks(posix.descriptor());
    return locks.isSupported() ? new ImageLocks(locks, filename) : null;
  }

  /** The same locks on another storage of the file. */
  @Nullable ImageLocks locks(Storage storage, ImageLocks held) throws BlockException {
    return storage instanceof PosixStorage posix
        ? held.moveTo(new AdvisoryLocks(posix.descriptor()))
        : null;
  }
}
