// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.Block;
import org.jspecify.annotations.Nullable;

/** A block in a region, at a distance from the entry's pc and, if calls led to it, in a context. */
final class Node {
  final Block block;
  final long distance;
  final @Nullable Context context;

  /** Of each operation that branches, where to in the region; null outside of it. */
  final @Nullable Node[] targets;

  /** Whether it ends with a call of what is outside; the target is then where that returns to. */
  boolean callsOut;

  /** Place in the region's order. */
  int position = -1;

  Node(Block block, long distance, @Nullable Context context) {
    this.block = block;
    this.distance = distance;
    this.context = context;
    this.targets = new Node[block.code.length];
  }

  /** Calls that have not returned: where the innermost is to return to, and those around it. */
  record Context(long returnDistance, @Nullable Context outer, int depth) {}

  /** What makes two nodes one. */
  record Key(long physical, long distance, @Nullable Context context) {}

  Key key() {
    return new Key(block.physical, distance, context);
  }

  /** The page of its first byte, counted from the entry's. */
  long page(Node entry) {
    return ((entry.block.physical & 4095) + distance) >> 12;
  }

  /** Whether its code reaches into a second page. */
  boolean straddles() {
    return block.secondPage != -1;
  }
}
