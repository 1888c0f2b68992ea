// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;

/** A protocol whose file can be removed for good. */
public interface Deletable {
  /** Removes the file; the node may only be closed afterwards. */
  void delete() throws BlockException;
}
