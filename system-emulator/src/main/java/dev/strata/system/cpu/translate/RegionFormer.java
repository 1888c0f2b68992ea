// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.Op;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Finds the blocks of a region: from a hot one along branches whose targets are known, those that
 * have run most first. A short function is inlined where it is called, as its return has a known
 * target then; a region that calls another one goes on where that returns to. To follow other jumps
 * to where they mostly lead has cost more than it gave: regions ran twice as long, but there was
 * more to compile.
 */
final class RegionFormer {
  private static final int DEEPEST = 3;

  // Instructions of a function. Of a longer one a part would often be left out of the region, and
  // that part's return would lead to no place in a region.
  private static final int MOST_INLINED = 24;
  private static final int MOST_NODES = 100;

  private final Interpreter core;
  private final SlotRoles roles;
  private final long pc;
  private final int mostInstructions;
  private final int leastExecutions;
  private final Map<Node.Key, Node> nodes = new HashMap<>();
  private final PriorityQueue<Node> frontier =
      new PriorityQueue<>(Comparator.comparingInt((Node n) -> -n.block.executions));
  private int instructions;
  private long mask = -1;

  private RegionFormer(
      Interpreter core, SlotRoles roles, long pc, int mostInstructions, int leastExecutions) {
    this.core = core;
    this.roles = roles;
    this.pc = pc;
    this.mostInstructions = mostInstructions;
    this.leastExecutions = leastExecutions;
  }

  /**
   * The shape of a region that begins with a block.
   *
   * @param leastExecutions how often a block must have run to be taken along
   * @return null if the block has an operation that cannot be translated
   */
  static @Nullable RegionShape form(
      Interpreter core,
      SlotRoles roles,
      Block entry,
      long pc,
      int mostInstructions,
      int leastExecutions) {
    var former = new RegionFormer(core, roles, pc, mostInstructions, leastExecutions);
    return former.shape(entry);
  }

  private @Nullable RegionShape shape(Block entry) {
    if (!OperandUse.translatable(entry, roles)) {
      return null;
    }
    var first = new Node(entry, 0, null);
    instructions = entry.instructions;
    nodes.put(first.key(), first);
    frontier.add(first);
    for (Node node = frontier.poll(); node != null; node = frontier.poll()) {
      extend(node);
    }
    return new RegionShape(order(first), mask, roles);
  }

  private void extend(Node node) {
    long[] code = node.block.code;
    for (int i = 0; i < code.length; i++) {
      long w = code[i];
      int shift = 64 - (8 << ((int) (w >>> 7) & 3));
      switch ((int) w & 127) {
        case Op.BRANCH, Op.BRANCH_IF ->
            node.targets[i] = target(node, node.distance + (w >> 32), shift, node.context);
        case Op.JUMP -> {
          long returns = returnsTo(node.block, i);
          Node.Context context = node.context;
          node.targets[i] =
              returns == NO_CALL
                  ? target(node, node.distance + (w >> 32), shift, context)
                  : inlined(node, node.distance + (w >> 32), shift, node.distance + returns);
          if (returns != NO_CALL && node.targets[i] == null) {
            callOut(node, i, returns);
          }
        }
        case Op.JUMP_TO -> {
          Node.Context context = node.context;
          long returns = returnsTo(node.block, i);
          if (returns != NO_CALL) {
            callOut(node, i, returns);
          } else if (context != null && isReturn(node.block, i)) {
            node.targets[i] = target(node, context.returnDistance(), shift, context.outer());
          }
        }
        default -> {}
      }
    }
  }

  private @Nullable Node inlined(Node from, long distance, int shift, long returnDistance) {
    Node.Context outer = from.context;
    int depth = outer == null ? 1 : outer.depth() + 1;
    return depth > DEEPEST || !isShort(from, distance)
        ? null
        : target(from, distance, shift, new Node.Context(returnDistance, outer, depth));
  }

  /** Whether all of a function that is run is short, so that none of it would be left out. */
  private boolean isShort(Node from, long distance) {
    if (core.known(pc + distance, from.block, pc + from.distance) == null) {
      return false;
    }
    var seen = new HashSet<Long>();
    var next = new ArrayDeque<Long>();
    next.add(distance);
    int size = 0;
    for (Long at = next.poll(); at != null; at = next.poll()) {
      Block block = core.known(pc + at, from.block, pc + from.distance);
      if (!seen.add(at) || block == null || block.executions < leastExecutions) {
        continue;
      }
      size += block.instructions;
      if (size > MOST_INLINED) {
        return false;
      }
      for (int i = 0; i < block.code.length; i++) {
        long w = block.code[i];
        long returns = returnsTo(block, i);
        switch ((int) w & 127) {
          case Op.BRANCH, Op.BRANCH_IF -> next.add(at + (w >> 32));
          case Op.JUMP -> next.add(at + (returns == NO_CALL ? w >> 32 : returns));
          case Op.JUMP_TO -> {
            if (returns != NO_CALL) {
              next.add(at + returns);
            }
          }
          default -> {}
        }
      }
    }
    return true;
  }

  private void callOut(Node node, int i, long returns) {
    int shift = 64 - (8 << ((int) (node.block.code[i] >>> 7) & 3));
    node.targets[i] = target(node, node.distance + returns, shift, node.context);
    node.callsOut = node.targets[i] != null;
  }

  private @Nullable Node target(
      Node from, long distance, int shift, Node.@Nullable Context context) {
    long to = pc + distance;
    if (to << shift >>> shift != to) {
      return null;
    }
    Block block = core.known(to, from.block, pc + from.distance);
    if (block == null || block.mode != from.block.mode) {
      return null;
    }
    Node known = nodes.get(new Node.Key(block.physical, distance, context));
    if (known == null) {
      if (block.executions < leastExecutions
          || instructions + block.instructions > mostInstructions
          || nodes.size() == MOST_NODES
          || !OperandUse.translatable(block, roles)) {
        return null;
      }
      known = new Node(block, distance, context);
      instructions += block.instructions;
      nodes.put(known.key(), known);
      frontier.add(known);
    }
    mask &= -1L >>> shift;
    return known;
  }

  /** Whether a jump takes its target off the stack: only that changes a register beside. */
  private boolean isReturn(Block block, int jump) {
    for (int i = jump - 1; i >= 0 && block.offsets[i] == block.offsets[jump]; i--) {
      if ((OperandUse.writes(block.code[i]) & ~roles.scratch()) != 0) {
        return true;
      }
    }
    return false;
  }

  private static final long NO_CALL = Long.MIN_VALUE;

  /** Where a block that ends with a jump wants to be returned to: it stores that address. */
  private long returnsTo(Block block, int jump) {
    for (int i = jump - 1; i >= 0; i--) {
      long w = block.code[i];
      if (((int) w & 127) != Op.STORE || block.offsets[i] != block.offsets[jump]) {
        continue;
      }
      int slot = (int) (w >>> 12) & 63;
      for (int j = i - 1; j >= 0 && block.offsets[j] == block.offsets[jump]; j--) {
        long maker = block.code[j];
        if (((int) maker & 127) == Op.ADDRESS
            && ((int) (maker >>> 12) & 63) == slot
            && ((int) (maker >>> 18) & 63) == roles.pc()
            && ((int) (maker >>> 24) & 63) == roles.zero()) {
          return maker >> 32;
        }
      }
    }
    return NO_CALL;
  }

  /** Reverse postorder: only what loops goes backwards. */
  private static List<Node> order(Node first) {
    var result = new ArrayList<Node>();
    visit(first, result);
    var reversed = result.reversed();
    int position = 0;
    for (Node node : reversed) {
      node.position = position++;
    }
    return List.copyOf(reversed);
  }

  // As deep as there are nodes, which are few.
  private static void visit(Node node, List<Node> result) {
    node.position = 0;
    for (Node target : node.targets) {
      if (target != null && target.position < 0) {
        visit(target, result);
      }
    }
    result.add(node);
  }
}
