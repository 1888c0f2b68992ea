// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;

/** A format that keeps a running machine's state beside the disk's content. */
public interface VmStateStore {
  /** Reads from the state area. */
  void readVmState(long offset, IoVector into) throws BlockException;

  /** Writes to the state area. */
  void writeVmState(long offset, IoVector from) throws BlockException;

  /** Where the state area begins behind the guest's data, in bytes. */
  long vmStateOffset();
}
