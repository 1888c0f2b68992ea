// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;

/**
 * The commands of {@code qemu-io}, given to a monitor: a service. What they print goes to the
 * process's standard output, as with the reference. Thread-safe: one command runs at a time.
 */
public interface ImageConsole {
  /**
   * Runs a command on an image.
   *
   * @param kept whether the image stays open; if not, the command's requests in the background are
   *     waited for
   * @return what went wrong, in lines, as far as it is not printed among the results
   */
  String run(BlockGraph graph, BlockBackend image, boolean kept, String command);
}
