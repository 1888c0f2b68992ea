// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.util.ArrayList;
import java.util.List;

/**
 * All orders in which nobody is interrupted more than so many times: one run after the other, each
 * the next one. A user who has to wait is no interruption; whoever goes on then is tried, too.
 *
 * @see "M. Musuvathi and S. Qadeer, Iterative context bounding for systematic testing of
 *     multithreaded programs, 2007"
 */
final class Preemptions implements Choice {
  private static final class Point {
    private final int[] options; // whoever goes on without an interruption first
    private final boolean costs; // whether any but the first is an interruption
    private int taken;

    Point(int[] options, boolean costs) {
      this.options = options;
      this.costs = costs;
    }
  }

  private final int most;
  private final List<Point> path = new ArrayList<>();
  private int at;

  Preemptions(int most) {
    this.most = most;
  }

  @Override
  public int next(int[] ready, int count, int running) {
    if (at == path.size()) {
      var options = new int[count];
      int used = 0;
      if (running >= 0) {
        options[used++] = running;
      }
      for (int i = 0; i < count; i++) {
        if (ready[i] != running) {
          options[used++] = ready[i];
        }
      }
      path.add(new Point(options, running >= 0));
    }
    Point point = path.get(at++);
    return point.options[point.taken];
  }

  /** Prepares for the next run; false if that was the last one. */
  boolean advance() {
    at = 0;
    int spent = 0;
    for (Point point : path) {
      spent += point.costs && point.taken > 0 ? 1 : 0;
    }
    while (!path.isEmpty()) {
      Point last = path.getLast();
      spent -= last.costs && last.taken > 0 ? 1 : 0;
      if (last.taken + 1 < last.options.length && spent + (last.costs ? 1 : 0) <= most) {
        last.taken++;
        return true;
      }
      path.removeLast();
    }
    return false;
  }

  /** The choices of this run that were not the first ones, as {@code at:which}. */
  String describe() {
    var text = new StringBuilder();
    for (int i = 0; i < path.size(); i++) {
      if (path.get(i).taken > 0) {
        text.append(text.isEmpty() ? "" : " ").append(i).append(':');
        text.append(path.get(i).options[path.get(i).taken]);
      }
    }
    return text.toString();
  }
}
