// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import java.util.Arrays;

/** Numbers the operations of a region at which the interpreter may have to know the state. */
final class Sites {
  private int[] nodes = new int[64];
  private int[] operations = new int[64];
  private int count;

  void clear() {
    count = 0;
  }

  int add(Node node, int operation) {
    if (count == nodes.length) {
      nodes = Arrays.copyOf(nodes, count * 2);
      operations = Arrays.copyOf(operations, count * 2);
    }
    nodes[count] = node.position;
    operations[count] = operation;
    return count++;
  }

  int[] nodes() {
    return Arrays.copyOf(nodes, count);
  }

  int[] operations() {
    return Arrays.copyOf(operations, count);
  }
}
