// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blklogwrites;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;

/**
 * The filter {@code blklogwrites}.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsBlklogwrites"
 */
public final class BlklogwritesFactory implements BlockDriverFactory {
  private static final Option<Boolean> LOG_APPEND =
      Option.bool("log-append", "Append to an existing log");
  private static final Option<Long> LOG_SECTOR_SIZE =
      Option.size("log-sector-size", "Log sector size");
  private static final Option<Long> SUPERBLOCK_INTERVAL =
      Option.number("log-super-update-interval", "Log superblock update interval (# of writes)");

  private static final long DEFAULT_SECTOR_SIZE = 512;
  private static final long DEFAULT_SUPERBLOCK_INTERVAL = 4096;

  /** For the service loader. */
  public BlklogwritesFactory() {}

  @Override
  public String name() {
    return "blklogwrites";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(LOG_APPEND, LOG_SECTOR_SIZE, SUPERBLOCK_INTERVAL);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child file = context.child("file", EdgeRole.FILTERED);
    Child log = context.child("log", EdgeRole.METADATA);
    boolean append = options.take(LOG_APPEND, false);
    boolean sectorSizeGiven = options.has(LOG_SECTOR_SIZE.name());
    long sectorSize = options.take(LOG_SECTOR_SIZE, DEFAULT_SECTOR_SIZE);
    long interval = options.take(SUPERBLOCK_INTERVAL, DEFAULT_SUPERBLOCK_INTERVAL);
    if (append && sectorSizeGiven) {
      throw new BlockException(
          Errno.EINVAL, "log-append and log-sector-size are mutually exclusive");
    }
    if (interval <= 0) {
      throw new BlockException(
          Errno.EINVAL,
          "Invalid log superblock update interval " + Long.toUnsignedString(interval));
    }
    WriteLog writes =
        append && log.length() > 0
            ? WriteLog.append(log, context.buffers(), interval)
            : new WriteLog(log, context.buffers(), sectorSize, interval);
    return new BlklogwritesDriver(file, writes);
  }
}
