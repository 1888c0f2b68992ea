// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;

/**
 * A protocol whose host copies between two of its files without the bytes passing through this
 * process, and perhaps by sharing storage.
 *
 * <p>The copy is a write of the target that the graph does not see: whoever asks for it has both
 * ranges inside the nodes' sizes, and reports the write to the graph.
 */
public interface CopyOffload {
  /**
   * Copies bytes of {@code source} into this file.
   *
   * @param source of the same driver as this, or the answer is 0
   * @return how many bytes were copied, perhaps less than {@code length}; 0 if the host cannot do
   *     it: the bytes then have to be read and written
   */
  long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException;
}
