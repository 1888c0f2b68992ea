// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/**
 * What to open and how.
 *
 * @param filename as a user writes it, or null if {@code options} say it all
 * @param options of the node and, dotted, of its children; used up by opening
 * @param flags unless the options say otherwise
 * @param noBacking leave the backing file closed
 * @param protocol stop at the protocol: do not look for an image format in the file
 * @param gate what names inside images may open
 */
public record OpenRequest(
    @Nullable String filename,
    BlockOptions options,
    NodeFlags flags,
    boolean noBacking,
    boolean protocol,
    OpenGate gate) {

  /** An image by its name. */
  public static OpenRequest of(
      String filename, BlockOptions options, NodeFlags flags, OpenGate gate) {
    return new OpenRequest(filename, options, flags, false, false, gate);
  }

  /** With the backing file left closed. */
  public OpenRequest withoutBacking() {
    return new OpenRequest(filename, options, flags, true, protocol, gate);
  }
}
