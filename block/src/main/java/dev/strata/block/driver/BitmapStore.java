// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;

/**
 * A format whose images keep dirty bitmaps. Those that the image has are in the node's {@link
 * dev.strata.block.bitmap.BitmapSet} from its opening on; the persistent ones in the set when a
 * writable node is closed are those that the image has from then on.
 */
public interface BitmapStore {
  /** Whether the image, being of the version it is, can keep bitmaps at all. */
  boolean keepsBitmaps();

  /**
   * Throws if the image cannot keep one more bitmap of that name.
   *
   * @param granularity in bytes; a power of two
   */
  void checkNewBitmap(String name, long granularity) throws BlockException;
}
