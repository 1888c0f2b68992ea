// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;

/** A format whose image can give up all it holds, so that the backing file shines through. */
public interface Emptiable {
  /** Gives up all guest data; the size stays. */
  void makeEmpty() throws BlockException;
}
