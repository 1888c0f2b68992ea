// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.file.posix.FileStatus;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver {@code file}: a regular file. */
public final class FileFactory implements BlockDriverFactory {
  private static final Option<String> FILENAME =
      Option.string("filename", "File name of the image");
  private static final Option<String> AIO =
      Option.word("aio", "host AIO implementation (threads, native)", "threads", "native");
  private static final Option<String> LOCKING =
      Option.word("locking", "file locking mode (on/off/auto, default: auto)", "on", "off", "auto");

  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<Boolean> NOCOW =
      Option.bool("nocow", "Turn off copy-on-write (valid only on btrfs)");
  private static final Option<String> PREALLOCATION =
      Option.string("preallocation", "Preallocation mode (allowed values: off, falloc, full)");
  private static final Option<Long> EXTENT_SIZE_HINT =
      Option.size("extent_size_hint", "Extent size hint for the image file, 0 to disable");

  /** For the service loader. */
  public FileFactory() {}

  @Override
  public String name() {
    return "file";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "file";
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(FILENAME, AIO, LOCKING);
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of(SIZE, NOCOW, PREALLOCATION, EXTENT_SIZE_HINT);
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of("filename");
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) {
    options.put("filename", ImageName.withoutProtocol(filename, "file"));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return open(context, options, false);
  }

  static BlockDriver open(OpenContext context, BlockOptions options, boolean device)
      throws BlockException {
    String filename = options.takeString("filename");
    if (filename == null || filename.isEmpty()) {
      throw new BlockException(
          Errno.EINVAL,
          "The '" + (device ? "host_device" : "file") + "' block driver requires a file name");
    }
    NodeFlags flags = context.flags();
    String aio = options.take(AIO, "threads");
    if (aio.equals("native") && !flags.direct()) {
      throw new BlockException(
          Errno.EINVAL,
          "aio=native was specified, but it requires cache.direct=on, which was not specified.");
    }
    String locking = options.take(LOCKING, "auto");
    var path = Path.of(filename);
    var opener = new FileOpener(path, context.buffers());
    Storage storage;
    try {
      storage = opener.open(flags);
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not open '" + filename + "'");
    }
    boolean opened = false;
    try {
      checkKind(storage, device, filename);
      ImageLocks locks = locking.equals("off") ? null : opener.locks(storage, filename);
      if (locks == null && locking.equals("on")) {
        throw new BlockException(
            Errno.EOPNOTSUPP, "locking=on is not possible: the system has no open file locks");
      }
      var driver = new FileDriver(filename, path, opener, device, storage, locks, flags);
      opened = true;
      return driver;
    } finally {
      if (!opened) {
        storage.close();
      }
    }
  }

  private static void checkKind(Storage storage, boolean device, String filename)
      throws BlockException {
    if (!(storage instanceof PosixStorage posix)) {
      return;
    }
    FileStatus status = posix.descriptor().status();
    if (!device && !status.isRegularFile()) {
      throw new BlockException(
          Errno.EINVAL, "'file' driver requires '" + filename + "' to be a regular file");
    }
    if (device && !status.isBlockDevice() && !status.isCharacterDevice()) {
      throw new BlockException(
          Errno.EINVAL,
          "'host_device' driver requires '"
              + filename
              + "' to be either a character or block device");
    }
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    String filename = ImageName.withoutProtocol(context.filename(), "file");
    long size = options.take(SIZE, 0L);
    String mode = options.takeString(PREALLOCATION.name());
    options.takeBool(NOCOW.name());
    options.takeSize(EXTENT_SIZE_HINT.name());
    var opener = new FileOpener(Path.of(filename), context.buffers());
    Storage storage;
    try {
      storage = opener.create();
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not create '" + filename + "'");
    }
    var driver =
        new FileDriver(
            filename,
            Path.of(filename),
            opener,
            false,
            storage,
            opener.locks(storage, filename),
            NodeFlags.READ_ONLY.withWritable(true));
    try (driver) {
      // Whoever uses the file must not find it empty all of a sudden.
      var shared = EnumSet.allOf(Permission.class);
      shared.remove(Permission.RESIZE);
      driver.permissions(new Permissions(EnumSet.of(Permission.WRITE, Permission.RESIZE), shared));
      driver.truncate(0, true, Preallocation.OFF, 0);
      driver.truncate(size, true, preallocation(mode), 0);
    }
  }

  private static Preallocation preallocation(@Nullable String word) throws BlockException {
    if (word == null) {
      return Preallocation.OFF;
    }
    for (Preallocation mode : Preallocation.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw new BlockException(
        Errno.EINVAL, "Parameter 'preallocation' does not accept value '" + word + "'");
  }
}
