// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockBackend;

/** A node that is being served. */
public interface RunningExport {
  /** The hold on the node; closed when the export has stopped. */
  BlockBackend disk();

  /**
   * Stops serving.
   *
   * @param byForce whether clients that use it are sent away
   * @return false if clients use it that may stay
   */
  boolean stop(boolean byForce) throws BlockException;
}
