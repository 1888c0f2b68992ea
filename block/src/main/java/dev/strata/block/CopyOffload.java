// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/**
 * A protocol whose host copies between two of its files without the bytes passing through this
 * process, and perhaps by sharing storage.
 *
 * <p>Called on the file itself, the copy is a write that the graph does not see. Its way through
 * the graph is {@link dev.strata.block.Child#copyFrom}.
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
