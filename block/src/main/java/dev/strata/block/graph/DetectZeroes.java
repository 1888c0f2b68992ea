// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;

/** What becomes of writes whose bytes are all zero: the option {@code detect-zeroes}. */
public enum DetectZeroes {
  /** They are written. */
  OFF,
  /** They become write-zeroes requests. */
  ON,
  /** They become write-zeroes requests that may deallocate. */
  UNMAP;

  /** The value of the option for a node with those flags. */
  public static DetectZeroes of(String word, NodeFlags flags) throws BlockException {
    DetectZeroes value = of(word);
    if (value == UNMAP && !flags.unmap()) {
      throw new BlockException(
          Errno.EINVAL,
          "setting detect-zeroes to unmap is not allowed without setting discard operation to"
              + " unmap");
    }
    return value;
  }

  /** The value of the option. */
  private static DetectZeroes of(String word) throws BlockException {
    return switch (word) {
      case "off" -> OFF;
      case "on" -> ON;
      case "unmap" -> UNMAP;
      default -> throw new BlockException(Errno.EINVAL, "invalid parameter value: " + word);
    };
  }
}
