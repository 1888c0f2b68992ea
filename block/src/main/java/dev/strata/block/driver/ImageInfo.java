// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonValue;
import org.jspecify.annotations.Nullable;

/** A format that has something to tell about its image beyond its size. */
public interface ImageInfo {
  /** In bytes; 0 if there are no clusters. */
  long clusterSize();

  /** Whether the image was not closed properly or is in use. */
  default boolean dirty() {
    return false;
  }

  /** Whether guest data are encrypted. */
  default boolean encrypted() {
    return false;
  }

  /** Whether only whole clusters can be written, and those once, compressed. */
  default boolean needsCompressedWrites() {
    return false;
  }

  /** Whether all clusters are compressed or may be: {@code compressed} of {@code ImageInfo}. */
  default boolean compressed() {
    return false;
  }

  /**
   * The format's part of {@code ImageInfo}, the value of {@code format-specific}: an object with
   * {@code type} and {@code data}; null if there is none.
   */
  default @Nullable JsonValue formatSpecific() throws BlockException {
    return null;
  }
}
