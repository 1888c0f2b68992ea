// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/**
 * The options that every node has, whatever its driver.
 *
 * @param nodeName the user's name for it, or null
 * @param readOnlyGiven whether it was said of this very node whether it can be written
 */
record NodeSettings(
    @Nullable String nodeName, NodeFlags flags, boolean readOnlyGiven, DetectZeroes detectZeroes) {
  private static final int MAX_NAME = 31;

  /** Takes them out of {@code options}; {@code flags} hold where they say nothing. */
  static NodeSettings take(BlockOptions options, NodeFlags flags) throws BlockException {
    String nodeName = options.takeString("node-name");
    if (nodeName != null) {
      checkName(nodeName);
    }
    boolean readOnlyGiven = options.has("read-only");
    flags = flags.withWritable(!takeBool(options, "read-only", !flags.writable()));
    flags = flags.withAutoReadOnly(takeBool(options, "auto-read-only", flags.autoReadOnly()));
    boolean direct = takeBool(options, "cache.direct", flags.direct());
    boolean noFlush = takeBool(options, "cache.no-flush", flags.noFlush());
    flags = flags.withCache(direct, noFlush);
    String discard = options.takeString("discard");
    if (discard != null) {
      flags = flags.withUnmap(isUnmap(discard));
    }
    boolean forceShare = takeBool(options, "force-share", flags.forceShare());
    flags = flags.withForceShare(forceShare);
    if (forceShare && flags.writable()) {
      throw new BlockException(
          Errno.EINVAL, "force-share=on can only be used with read-only images");
    }
    DetectZeroes detect = DetectZeroes.OFF;
    String detectZeroes = options.takeString("detect-zeroes");
    if (detectZeroes != null) {
      detect = DetectZeroes.of(detectZeroes, flags);
    }
    return new NodeSettings(nodeName, flags, readOnlyGiven, detect);
  }

  private static boolean takeBool(BlockOptions options, String name, boolean otherwise)
      throws BlockException {
    Boolean value = options.takeBool(name);
    return value == null ? otherwise : value;
  }

  private static boolean isUnmap(String discard) throws BlockException {
    return switch (discard) {
      case "on", "unmap" -> true;
      case "off", "ignore" -> false;
      default -> throw new BlockException(Errno.EINVAL, "Invalid discard option");
    };
  }

  private static void checkName(String name) throws BlockException {
    boolean valid = !name.isEmpty() && isLetter(name.charAt(0));
    for (int i = 1; valid && i < name.length(); i++) {
      char c = name.charAt(i);
      valid = isLetter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    }
    if (!valid) {
      throw new BlockException(Errno.EINVAL, "Invalid node-name: '" + name + "'");
    }
    if (name.length() > MAX_NAME) {
      throw new BlockException(Errno.EINVAL, "Node name too long");
    }
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /** How a child is opened, unless its own options say otherwise. */
  static NodeFlags ofChild(NodeFlags parent, boolean parentIsFormat, EdgeRole role) {
    NodeFlags flags = parent.withCheck(false);
    if (role == EdgeRole.BACKING) {
      return flags.withWritable(false).withAutoReadOnly(false);
    }
    if (parentIsFormat) {
      flags = flags.withAutoReadOnly(true).withUnmap(true);
    }
    if (role == EdgeRole.IMAGE || role == EdgeRole.METADATA) {
      flags = flags.withNoIo(false);
    }
    return flags;
  }
}
