// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.driver.Permissions;

/** Whoever uses a node and has permissions on it: an edge from a node above, or a backend. */
sealed interface NodeUser permits Edge, BlockBackend {
  /** The node. */
  BlockNode node();

  /** What it does with the node and lets others do. */
  Permissions permissions();

  /** Changes that; the graph has checked it. */
  void permissions(Permissions permissions);

  /** As messages name it: {@code node 'a'}, {@code block device 'b'}. */
  String describe();

  /** How the user calls the node: {@code file}, {@code backing}, {@code root}. */
  String edgeName();
}
