// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;

/** Some of the layers of an image, as they are at the moment. For requests on the image. */
@FunctionalInterface
public interface LayerStatus {
  /**
   * The first run of a range: allocated if one of the layers holds it.
   *
   * @param length at least 1 byte, within the image
   */
  Extent status(long offset, long length) throws BlockException;
}
