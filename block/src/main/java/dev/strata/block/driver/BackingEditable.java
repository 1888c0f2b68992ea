// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import org.jspecify.annotations.Nullable;

/** A format whose image can be told to name another backing file; its content stays as it is. */
public interface BackingEditable {
  /** Stores that reference, or none if null. */
  void changeBacking(@Nullable BackingReference backing) throws BlockException;
}
