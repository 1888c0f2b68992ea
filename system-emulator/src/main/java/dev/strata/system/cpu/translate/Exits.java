// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import java.lang.classfile.Label;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ways out of a region, by what is to be given back there. What has changed most gives back
 * what others need not, and goes on as they do: each slot is stored at few places.
 */
final class Exits {
  private final Frame frame;
  private final Map<Long, Label> labels = new HashMap<>();

  Exits(Frame frame) {
    this.frame = frame;
  }

  /** Where to go to leave for what {@link Frame#leavesTo} holds. */
  Label after(long changed) {
    return labels.computeIfAbsent(changed, c -> frame.c.newLabel());
  }

  void emit() {
    List<Long> left = new ArrayList<>(labels.keySet());
    left.sort((a, b) -> {
      int more = Integer.compare(Long.bitCount(b), Long.bitCount(a));
      return more != 0 ? more : Long.compare(a, b);
    });
    for (int i = 0; i < left.size(); i++) {
      long changed = left.get(i);
      frame.c.labelBinding(after(changed));
      int next = i + 1;
      while (next < left.size() && (left.get(next) & ~changed) != 0) {
        next++;
      }
      if (next == left.size()) {
        frame.store(changed);
        frame.tellLeft();
        frame.c.return_();
      } else {
        frame.store(changed & ~left.get(next));
        if (next != i + 1) {
          frame.c.goto_(after(left.get(next)));
        }
      }
    }
  }
}
