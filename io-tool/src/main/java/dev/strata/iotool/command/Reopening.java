// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.option.BlockOptions;

/** Opens a node in another way, with the words of the reference for what cannot be. */
final class Reopening {
  private Reopening() {}

  static void change(BlockNode node, NodeFlags flags, BlockOptions options) throws BlockException {
    NodeFlags wanted = flags;
    String driver = options.string("driver");
    if (driver != null && driver.equals(node.driverName())) {
      options.remove("driver");
    }
    String discard = options.takeString("discard");
    if (discard != null) {
      wanted = wanted.withUnmap(discard.equals("unmap") || discard.equals("on"));
    }
    for (String fixed : new String[] {"driver", "node-name"}) {
      if (options.has(fixed)) {
        throw cannotChange(fixed);
      }
    }
    node.graph().reopen(node, wanted, options);
    if (!options.isEmpty()) {
      throw cannotChange(options.names().iterator().next());
    }
  }

  private static BlockException cannotChange(String option) {
    return new BlockException(Errno.EINVAL, "Cannot change the option '" + option + "'");
  }
}
