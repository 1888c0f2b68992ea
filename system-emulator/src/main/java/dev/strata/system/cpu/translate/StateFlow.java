// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.Op;
import java.util.List;

/**
 * What part of the state a region has to take over and to give back at each of its operations: the
 * slots that may have changed since the interpreter had them last, and those that something reads
 * from here on before it sets them. What has changed counts as read where the region may be left,
 * as it is given back there; so a region neither loads what it only sets, nor stores what it has
 * not.
 *
 * <p>Both are bits of slots, and {@link #flags}. Scratch is in neither.
 */
final class StateFlow {
  /** Stands for the flags. */
  final long flags;

  private final SlotRoles roles;
  private final long kept;
  private final List<Node> nodes;
  private final long[][] changed;
  private final long[][] read;

  StateFlow(RegionShape shape) {
    nodes = shape.nodes();
    roles = shape.roles();
    flags = 1L << roles.pc(); // which has no variable, and changes with the place only
    kept = ~(roles.scratch() | 1L << roles.pc() | 1L << roles.zero());
    changed = new long[nodes.size()][];
    read = new long[nodes.size()][];
    for (Node node : nodes) {
      changed[node.position] = new long[node.block.code.length + 1];
      read[node.position] = new long[node.block.code.length + 1];
    }
    // Both sets only grow, so that this ends; in the order of nodes, after few rounds.
    boolean again = true;
    while (again) {
      again = false;
      for (Node node : nodes) {
        again |= forwards(node);
      }
    }
    again = true;
    while (again) {
      again = false;
      for (int i = nodes.size() - 1; i >= 0; i--) {
        again |= backwards(nodes.get(i));
      }
    }
  }

  /** What may have changed when a node's operation begins. */
  long changed(Node node, int operation) {
    return changed[node.position][operation];
  }

  /** What is read before it is set, from the beginning of a node's operation on. */
  long read(Node node, int operation) {
    return read[node.position][operation];
  }

  /** What a call of the guest's does beside. */
  CallEffects effects(long w) {
    return roles.calls().of((int) (w >>> 32) & 0xffff, (int) (w >>> 48));
  }

  private boolean forwards(Node node) {
    boolean grows = false;
    long[] here = changed[node.position];
    for (int i = 0; i < node.block.code.length; i++) {
      Node target = node.targets[i];
      if (target != null && !node.callsOut) {
        long before = changed[target.position][0];
        changed[target.position][0] |= here[i];
        grows |= before != changed[target.position][0];
      }
      here[i + 1] = changedAfter(node.block.code[i], here[i]);
    }
    return grows;
  }

  private long changedAfter(long w, long before) {
    long written = OperandUse.writes(w) & kept;
    if (((int) w & 127) == Op.CALL) {
      CallEffects effects = effects(w);
      return effects.more() ? written : (before & ~exchanged(effects)) | written;
    }
    return before | written | (definesFlags(w) ? flags : 0);
  }

  /** What is given to a call and taken over from it. */
  private long exchanged(CallEffects effects) {
    return effects.reads() | effects.writes() | (effects.flags() ? flags : 0);
  }

  private boolean backwards(Node node) {
    long[] here = read[node.position];
    long before = here[0];
    for (int i = node.block.code.length - 1; i >= 0; i--) {
      here[i] = readBefore(node, i, here[i + 1]);
    }
    return here[0] != before;
  }

  private long readBefore(Node node, int i, long after) {
    long w = node.block.code[i];
    long operands = OperandUse.reads(w) & kept;
    long leaving = changed(node, i);
    return switch ((int) w & 127) {
      case Op.BRANCH -> after | flags | edge(node, i);
      case Op.BRANCH_IF -> after | operands | edge(node, i);
      case Op.JUMP, Op.JUMP_TO -> operands | edge(node, i);
      case Op.CALL_AND_LEAVE -> operands | leaving;
      case Op.LEAVE_IF -> after | operands | leaving;
      case Op.CALL -> {
        CallEffects effects = effects(w);
        long set = OperandUse.writes(w) | effects.writes() | (effects.flags() ? flags : 0);
        yield operands | leaving | (effects.more() ? 0 : after & ~set);
      }
      case Op.LOAD, Op.LOAD_TO_WRITE, Op.STORE, Op.PROBE, Op.CALL_IF ->
          operands | leaving | (after & ~OperandUse.writes(w));
      default -> {
        long set = OperandUse.writes(w) | (definesFlags(w) ? flags : 0);
        yield operands | (readsFlags(w) ? flags : 0) | (after & ~set);
      }
    };
  }

  /** Where an operation leads to, which may also be out of the region. */
  private long edge(Node node, int i) {
    Node target = node.targets[i];
    return changed(node, i) | (target == null || node.callsOut ? 0 : read(target, 0));
  }

  /** Whether an operation sets the flags, or may. */
  private static boolean definesFlags(long w) {
    int operation = (int) w & 127;
    return operation == Op.SET_FLAGS || definesFlags(operation, w);
  }

  private static boolean definesFlags(int operation, long w) {
    return (w & Op.FLAGS) != 0
        && Op.mayDefine(operation)
        && !(shifts(operation) && (w & Op.IMMEDIATE) != 0 && FlagKnowledge.count(w) == 0);
  }

  /** Whether it looks at flags, or leaves some as they were. */
  private static boolean readsFlags(long w) {
    int operation = (int) w & 127;
    return switch (operation) {
      case Op.ADD_CARRY, Op.SUBTRACT_BORROW, Op.SET, Op.SELECT -> true;
      case Op.INCREMENT, Op.DECREMENT -> (w & Op.FLAGS) != 0;
      default ->
          (w & Op.FLAGS) != 0
              && (Op.leavesFlags(operation) || (shifts(operation) && (w & Op.IMMEDIATE) == 0));
    };
  }

  private static boolean shifts(int operation) {
    return operation >= Op.SHIFT_LEFT && operation <= Op.SHIFT_ARITHMETIC;
  }
}
