// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;

/** A driver that still has how its disk was at one moment, while it is written on. */
public interface SnapshotAccess {
  /**
   * Fills all of {@code into} with what was at {@code offset}.
   *
   * @throws BlockException EACCES if some of it is not part of the snapshot or is lost
   */
  void readSnapshot(long offset, IoVector into) throws BlockException;

  /** The status of what was at {@code offset}: the first run, at most {@code length} bytes. */
  Extent snapshotStatus(long offset, long length, StatusDetail detail) throws BlockException;

  /** Says that nobody needs that range of the snapshot any more; what is not whole stays. */
  void discardSnapshot(long offset, long length) throws BlockException;
}
