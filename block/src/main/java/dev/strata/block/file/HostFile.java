// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.posix.AllocationHints;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/** Opens and creates the files and devices that both drivers of this package stand for. */
final class HostFile {
  /** Of files that will hold an image: large enough that random writes do not fragment them. */
  private static final long DEFAULT_EXTENT_SIZE = 1 << 20;

  private static final long MAX_EXTENT_SIZE = 0xffff_ffffL; // a field of 32 bits

  private HostFile() {}

  /** Opens what a driver stands for. */
  static BlockDriver open(
      OpenContext context, BlockOptions options, FileSystem fileSystem, HostFileKind kind)
      throws BlockException {
    String filename = options.takeName(FileOptions.FILENAME.name());
    if (filename == null || filename.isEmpty()) {
      throw new BlockException(
          Errno.EINVAL, "The '" + kind.driver() + "' block driver requires a file name");
    }
    NodeFlags flags = context.flags();
    FileOptions.takeTransport(options, flags);
    String locking = options.take(FileOptions.LOCKING, "auto");
    Path path = path(fileSystem, filename, "Could not open '");
    var opener = new FileOpener(kind, filename, path, context.buffers());
    Storage storage;
    try {
      storage = opener.open(flags);
    } catch (BlockException e) {
      throw DescriptorSets.isSet(filename) ? e : e.during("Could not open '" + filename + "'");
    }
    boolean opened = false;
    try {
      checkKind(storage, kind, filename);
      ImageLocks locks = locking.equals("off") ? null : opener.locks(storage);
      if (locks == null && locking.equals("on")) {
        throw new BlockException(
            Errno.EOPNOTSUPP, "locking=on is not possible: the system has no open file locks");
      }
      var driver = new FileDriver(opener, storage, locks, flags);
      opened = true;
      return driver;
    } finally {
      if (!opened) {
        storage.close();
      }
    }
  }

  private static Path path(FileSystem fileSystem, String filename, String doing)
      throws BlockException {
    if (filename.isEmpty()) {
      throw BlockException.of(Errno.ENOENT, doing + "'"); // not the current folder, as to Java
    }
    try {
      return fileSystem.getPath(filename);
    } catch (InvalidPathException e) {
      // No file has such a name.
      throw BlockException.of(Errno.ENOENT, doing + filename + "'").causedBy(e);
    }
  }

  private static void checkKind(Storage storage, HostFileKind kind, String filename)
      throws BlockException {
    if (storage.kind() != kind.storageKind()) {
      throw new BlockException(
          Errno.EINVAL,
          "'" + kind.driver() + "' driver requires '" + filename + "' " + kind.requirement());
    }
  }

  /** Creates a file, or empties the one that is there, and gives it its size. */
  static void create(
      CreateContext context, String filename, BlockOptions options, FileSystem fileSystem)
      throws BlockException {
    long size = options.take(FileOptions.SIZE, 0L);
    Preallocation mode = FileOptions.preallocation(options.take(FileOptions.PREALLOCATION));
    boolean inPlace = options.take(FileOptions.NOCOW, false);
    Long extentSize = options.take(FileOptions.EXTENT_SIZE_HINT);
    if (size < 0) {
      throw BlockException.of(Errno.EFBIG, "Could not create '" + filename + "'");
    }
    if (extentSize != null && (extentSize < 0 || extentSize > MAX_EXTENT_SIZE)) {
      throw new BlockException(Errno.EINVAL, "Extent size hint is too large");
    }
    String doing = "Could not create '";
    Path path = path(fileSystem, filename, doing);
    var opener = new FileOpener(HostFileKind.FILE, filename, path, context.buffers());
    Storage storage;
    try {
      storage = opener.create();
    } catch (BlockException e) {
      throw e.during(doing + filename + "'");
    }
    var flags = NodeFlags.READ_ONLY.withWritable(true);
    try (var driver = new FileDriver(opener, storage, opener.locks(storage), flags)) {
      checkKind(storage, HostFileKind.FILE, filename);
      // Whoever uses the file must not find it empty all of a sudden.
      var shared = EnumSet.allOf(Permission.class);
      shared.remove(Permission.RESIZE);
      driver.permissions(new Permissions(EnumSet.of(Permission.WRITE, Permission.RESIZE), shared));
      driver.truncate(0, true, Preallocation.OFF, 0);
      if (storage instanceof PosixStorage posix) {
        layOut(new AllocationHints(posix.descriptor()), inPlace, extentSize, context);
      }
      driver.truncate(size, true, mode, 0);
    }
  }

  /** Makes sure that an image of the size wanted has room on a device. */
  static void createOnDevice(CreateContext context, String filename, BlockOptions options)
      throws BlockException {
    long size = options.take(FileOptions.SIZE, 0L);
    Preallocation mode = FileOptions.preallocation(options.take(FileOptions.DEVICE_PREALLOCATION));
    if (mode != Preallocation.OFF) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Unsupported preallocation mode '" + mode.word() + "'");
    }
    String doing = "Could not create '";
    Path path = path(FileSystems.getDefault(), filename, doing);
    var opener = new FileOpener(HostFileKind.DEVICE, filename, path, context.buffers());
    var flags = NodeFlags.READ_ONLY.withWritable(true);
    Storage storage;
    try {
      storage = opener.open(flags);
    } catch (BlockException e) {
      throw e.during(doing + filename + "'");
    }
    try (var driver = new FileDriver(opener, storage, opener.locks(storage), flags)) {
      checkKind(storage, HostFileKind.DEVICE, filename);
      driver.permissions(
          new Permissions(
              EnumSet.of(Permission.WRITE, Permission.RESIZE), EnumSet.allOf(Permission.class)));
      driver.truncate(size < 0 ? Long.MAX_VALUE : size, false, mode, 0);
    }
  }

  private static void layOut(
      AllocationHints hints, boolean inPlace, @Nullable Long extentSize, CreateContext context) {
    if (inPlace) {
      try {
        hints.turnOffCopyOnWrite();
      } catch (BlockException e) {
        // The option says that it is for one file system; elsewhere there is nothing to turn off.
      }
    }
    long size = extentSize != null ? extentSize : DEFAULT_EXTENT_SIZE;
    if (size == 0) {
      return;
    }
    try {
      hints.extentSize(size);
    } catch (BlockException e) {
      if (extentSize != null) {
        context.warn("Failed to set extent size hint: " + e.getMessage());
      }
    }
  }
}
