// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;

/** A factory whose images can be written from front to back: to a pipe, for example. */
public interface Streamable {
  /**
   * An image that is going to be written.
   *
   * @param options those of a new image; {@code size} is among them
   * @param compressed whether clusters are stored compressed where the format leaves the choice
   * @throws BlockException if options do not go together, or not with writing from front to back
   */
  ImageStream stream(BlockOptions options, boolean compressed, ImageStamp stamp)
      throws BlockException;
}
