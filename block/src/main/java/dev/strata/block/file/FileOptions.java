// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import org.jspecify.annotations.Nullable;

/** The options of files and devices of the host. */
final class FileOptions {
  static final Option<String> FILENAME = Option.string("filename", "File name of the image");

  /**
   * How the reference hands requests to the system. Here a request is one call on its caller's
   * thread in any case, which shows only in speed: all three are the same.
   */
  static final Option<String> AIO =
      Option.word(
          "aio",
          "host AIO implementation (threads, native, io_uring)",
          "threads",
          "native",
          "io_uring");

  /** Bounds how many requests go to the system together, which here is one: nothing to bound. */
  static final Option<Long> AIO_MAX_BATCH =
      Option.number("aio-max-batch", "AIO max batch size (0 = auto handled by AIO backend)");

  static final Option<String> LOCKING =
      Option.word("locking", "file locking mode (on/off/auto, default: auto)", "on", "off", "auto");

  static final Option<String> PR_MANAGER =
      Option.string("pr-manager", "id of persistent reservation manager object (default: none)");

  /** What happens to cached pages when an image comes from another host by live migration. */
  static final Option<Boolean> DROP_CACHE =
      Option.bool("drop-cache", "invalidate page cache during live migration (default: on)");

  /** A check of {@link #DROP_CACHE}; has no part without a migration either. */
  static final Option<Boolean> CHECK_CACHE_DROPPED =
      Option.bool("x-check-cache-dropped", "check that page cache was dropped on live migration");

  static final OptionSchema OPEN =
      OptionSchema.of(
          FILENAME, AIO, AIO_MAX_BATCH, LOCKING, PR_MANAGER, DROP_CACHE, CHECK_CACHE_DROPPED);

  static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  static final Option<Boolean> NOCOW =
      Option.bool("nocow", "Turn off copy-on-write (valid only on btrfs)");
  static final Option<String> PREALLOCATION =
      Option.string("preallocation", "Preallocation mode (allowed values: off, falloc, full)")
          .suggesting("off", "falloc", "full");
  static final Option<Long> EXTENT_SIZE_HINT =
      Option.size("extent_size_hint", "Extent size hint for the image file, 0 to disable");
  static final OptionSchema CREATE = OptionSchema.of(SIZE, NOCOW, PREALLOCATION, EXTENT_SIZE_HINT);

  static final Option<String> DEVICE_PREALLOCATION =
      Option.string("preallocation", "Preallocation mode (allowed values: off)");
  static final OptionSchema CREATE_DEVICE = OptionSchema.of(SIZE, DEVICE_PREALLOCATION);

  private FileOptions() {}

  /**
   * Takes the options that say how requests reach the system, for their errors: nothing here
   * depends on them.
   */
  static void takeTransport(BlockOptions options, NodeFlags flags) throws BlockException {
    String aio = options.take(AIO, "threads");
    if (aio.equals("native") && !flags.direct()) {
      throw new BlockException(
          Errno.EINVAL,
          "aio=native was specified, but it requires cache.direct=on, which was not specified.");
    }
    options.take(AIO_MAX_BATCH);
    options.take(DROP_CACHE);
    options.take(CHECK_CACHE_DROPPED);
    String manager = options.take(PR_MANAGER);
    if (manager != null) {
      throw new BlockException(
          Errno.ENOENT, "No persistent reservation manager with id '" + manager + "'");
    }
  }

  /** The value of a {@code preallocation} option. */
  static Preallocation preallocation(@Nullable String word) throws BlockException {
    if (word == null) {
      return Preallocation.OFF;
    }
    for (Preallocation mode : Preallocation.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw new BlockException(Errno.EINVAL, "invalid parameter value: " + word);
  }
}
