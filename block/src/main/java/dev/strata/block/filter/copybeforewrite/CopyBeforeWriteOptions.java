// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/**
 * The options, in the words of a schema check, which the reference's driver makes.
 *
 * @param bitmapNode the node of the bitmap that says what is kept, or null to keep all
 * @param bitmapName of that bitmap, or null
 * @param breaksSnapshot whether a copy that fails costs the snapshot, not the write
 * @param timeoutSeconds how long a copy may take, unsigned 32 bits; 0 for ever
 * @see "QEMU's QAPI schema, BlockdevOptionsCbw"
 */
record CopyBeforeWriteOptions(
    @Nullable String bitmapNode,
    @Nullable String bitmapName,
    boolean breaksSnapshot,
    long timeoutSeconds) {
  static final String ON_ERROR = "on-cbw-error";
  static final String TIMEOUT = "cbw-timeout";
  private static final String BITMAP = "bitmap";
  private static final String TARGET = "target";
  private static final long MAX_TIMEOUT = 0xffff_ffffL;
  private static final int MAX_LAYERS = 16; // whose options are looked at before they are opened

  /** Takes all but what describes children. */
  static CopyBeforeWriteOptions take(BlockOptions options) throws BlockException {
    requireNode(options, TARGET, 0);
    String node = null;
    String name = null;
    if (options.has(BITMAP)) {
      throw new BlockException(
          EINVAL, "Invalid parameter type for '" + BITMAP + "', expected: object");
    }
    if (options.hasSection(BITMAP)) {
      BlockOptions bitmap = options.section(BITMAP);
      node = required(bitmap.takeString("node"), BITMAP + ".node");
      name = required(bitmap.takeString("name"), BITMAP + ".name");
      rejectUnknown(bitmap, BITMAP + ".");
    }
    boolean breaksSnapshot = takeOnError(options.takeString(ON_ERROR));
    long timeout = takeTimeout(options.takeString(TIMEOUT));
    BlockOptions others = options.copy();
    others.remove(TARGET);
    others.section(TARGET);
    rejectUnknown(others, "");
    return new CopyBeforeWriteOptions(node, name, breaksSnapshot, timeout);
  }

  /** A node is named or described, with its driver, as its files are. */
  private static void requireNode(BlockOptions options, String path, int layer)
      throws BlockException {
    if (layer > MAX_LAYERS || options.string(path) != null) {
      return;
    }
    if (!options.hasSection(path)) {
      throw missing(path);
    }
    required(options.string(path + ".driver"), path + ".driver");
    if (options.hasSection(path + ".file")) {
      requireNode(options, path + ".file", layer + 1);
    }
  }

  private static boolean takeOnError(@Nullable String value) throws BlockException {
    if (value == null || value.equals("break-guest-write")) {
      return false;
    }
    if (value.equals("break-snapshot")) {
      return true;
    }
    throw new BlockException(
        EINVAL, "Parameter '" + ON_ERROR + "' does not accept value '" + value + "'");
  }

  private static long takeTimeout(@Nullable String value) throws BlockException {
    if (value == null) {
      return 0;
    }
    long seconds;
    try {
      seconds = Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new BlockException(EINVAL, "Parameter '" + TIMEOUT + "' expects integer").causedBy(e);
    }
    if (seconds < 0 || seconds > MAX_TIMEOUT) {
      throw new BlockException(EINVAL, "Parameter '" + TIMEOUT + "' expects uint32_t");
    }
    return seconds;
  }

  private static String required(@Nullable String value, String name) throws BlockException {
    if (value == null) {
      throw missing(name);
    }
    return value;
  }

  static BlockException missing(String name) {
    return new BlockException(EINVAL, "Parameter '" + name + "' is missing");
  }

  private static void rejectUnknown(BlockOptions options, String prefix) throws BlockException {
    for (String name : options.names()) {
      throw new BlockException(EINVAL, "Parameter '" + prefix + name + "' is unexpected");
    }
  }
}
