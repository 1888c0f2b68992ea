// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.Block;
import java.util.List;

/**
 * The nodes of a region in the order they are laid out in, the entry first.
 *
 * @param mask what every pc inside is cut to
 */
record RegionShape(List<Node> nodes, long mask, SlotRoles roles) {
  Node entry() {
    return nodes.getFirst();
  }

  /** The nodes that come first; what the others were reached by leaves. */
  RegionShape firstHalf() {
    int half = nodes.size() / 2;
    for (Node node : nodes) {
      for (int i = 0; i < node.targets.length; i++) {
        Node target = node.targets[i];
        if (target != null && target.position >= half) {
          node.targets[i] = null;
        }
      }
    }
    return new RegionShape(nodes.subList(0, half), mask, roles);
  }

  Block[] blocks() {
    Block[] blocks = new Block[nodes.size()];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = nodes.get(i).block;
    }
    return blocks;
  }

  long[] distances() {
    long[] distances = new long[nodes.size()];
    for (int i = 0; i < distances.length; i++) {
      distances[i] = nodes.get(i).distance;
    }
    return distances;
  }

  /** Slots that need a local variable. */
  long used() {
    long used = 0;
    for (Node node : nodes) {
      for (long w : node.block.code) {
        used |= OperandUse.reads(w) | OperandUse.writes(w);
      }
    }
    return used & ~(1L << roles.pc() | 1L << roles.zero());
  }

  boolean reachesHalves() {
    for (Node node : nodes) {
      for (long w : node.block.code) {
        if (OperandUse.reachesHalves(w)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Whether an edge needs proof that the target's pc still leads to it: in the page that the source
   * or the entry is in it does, as nothing changes translations inside.
   */
  boolean isGuarded(Node from, Node to) {
    if (to.straddles()) {
      return true;
    }
    long page = to.page(entry());
    return !(page == 0 && samePage(to, entry()))
        && !(page == from.page(entry()) && samePage(to, from));
  }

  private static boolean samePage(Node a, Node b) {
    return a.block.physical >> 12 == b.block.physical >> 12;
  }
}
