// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.lang.foreign.Arena;

/**
 * What creating an image means to a protocol whose devices are there or are not: one that is there
 * loses what it looked like.
 */
public final class ExistingDevice {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<String> PREALLOCATION =
      Option.string("preallocation", "Preallocation mode (allowed values: off)").suggesting("off");

  /** The creation options of such a protocol. */
  public static final OptionSchema OPTIONS = OptionSchema.of(SIZE, PREALLOCATION);

  private static final int FIRST_SECTOR = 512;

  private ExistingDevice() {}

  /** Opens the device for writing. */
  @FunctionalInterface
  public interface Opener {
    /** Its caller closes it. */
    BlockDriver open() throws BlockException;
  }

  /**
   * Clears the first sector of the device.
   *
   * @param protocol for the message if the device cannot be opened
   * @throws BlockException also if the device is smaller than the options want
   */
  public static void create(String protocol, BlockOptions options, Opener opener)
      throws BlockException {
    long size = options.take(SIZE, 0L);
    String mode = options.take(PREALLOCATION, Preallocation.OFF.word());
    if (!mode.equals(Preallocation.OFF.word())) {
      throw new BlockException(Errno.EOPNOTSUPP, "Unsupported preallocation mode '" + mode + "'");
    }
    BlockDriver device;
    try {
      device = opener.open();
    } catch (BlockException e) {
      throw e.during(
          "Protocol driver '"
              + protocol
              + "' does not support image creation, and opening the image failed");
    }
    try (device) {
      device.truncate(size < 0 ? Long.MAX_VALUE : size, false, Preallocation.OFF, 0);
      clearStart(device);
    }
  }

  private static void clearStart(BlockDriver device) throws BlockException {
    long block = Math.max(FIRST_SECTOR, device.limits().requestAlignment());
    long length = Math.min(block, device.length());
    if (length == 0) {
      return;
    }
    try (Arena memory = Arena.ofConfined()) {
      var start = IoVector.of(memory.allocate(length));
      device.read(0, start, 0);
      start.slice(0, Math.min(FIRST_SECTOR, length)).fill((byte) 0);
      device.write(0, start, 0);
      device.flush();
    }
  }
}
