// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import java.util.ArrayList;
import java.util.List;

/**
 * One thing that the real tool and ours did not do alike.
 *
 * @param command the line under test, or a file's name for what is found after the last line
 * @param what for example {@code stdout}
 */
record Difference(String command, String what, String theirs, String ours) {

  /** Returns the difference for a person's eye: "-" is the real tool's, "+" is ours. */
  String render() {
    StringBuilder text = new StringBuilder();
    text.append("  ").append(command).append("\n    ").append(what).append(":\n");
    List<String> left = visible(theirs);
    List<String> right = visible(ours);
    int[][] common = new int[left.size() + 1][right.size() + 1];
    for (int i = left.size() - 1; i >= 0; i--) {
      for (int j = right.size() - 1; j >= 0; j--) {
        common[i][j] =
            left.get(i).equals(right.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    int i = 0;
    int j = 0;
    while (i < left.size() || j < right.size()) {
      if (i < left.size() && j < right.size() && left.get(i).equals(right.get(j))) {
        text.append("      ").append(left.get(i)).append('\n');
        i++;
        j++;
      } else if (i < left.size() && (j == right.size() || common[i + 1][j] >= common[i][j + 1])) {
        text.append("    - ").append(left.get(i++)).append('\n');
      } else {
        text.append("    + ").append(right.get(j++)).append('\n');
      }
    }
    return text.toString();
  }

  private static List<String> visible(String text) {
    List<String> lines = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      lines.add(line.replace("\r", "\\r").replace("\t", "\\t"));
      if (lines.size() == 400) {
        lines.add("…");
        break;
      }
    }
    if (!lines.isEmpty() && lines.getLast().isEmpty()) {
      lines.removeLast();
    } else if (!text.isEmpty()) {
      lines.add("\\ no newline at the end");
    }
    return lines;
  }
}
