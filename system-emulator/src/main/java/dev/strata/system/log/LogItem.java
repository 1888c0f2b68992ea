// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Something that is logged when it is asked for. */
public enum LogItem {
  INTERRUPTS("int", "show interrupts/exceptions in short format"),
  CPU_RESET("cpu_reset", "show CPU state before CPU resets"),
  UNIMPLEMENTED("unimp", "log unimplemented functionality"),
  GUEST_ERRORS(
      "guest_errors",
      "log when the guest OS does something invalid (eg accessing a\nnon-existent register)");

  /** What the reference has beside these. */
  private static final List<String> ELSEWHERE =
      List.of(
          "all", "out_asm", "in_asm", "op", "op_opt", "op_ind", "exec", "cpu", "fpu", "mmu",
          "pcall", "page", "nochain", "plugin", "strace", "tid");

  private final String word;
  private final String help;

  LogItem(String word, String help) {
    this.word = word;
    this.help = help;
  }

  /** Its bit among those of others. */
  int bit() {
    return 1 << ordinal();
  }

  /** The item of that name, or null. */
  static @Nullable LogItem named(String word) {
    for (LogItem item : values()) {
      if (item.word.equals(word)) {
        return item;
      }
    }
    return null;
  }

  /** Whether the reference has an item of that name, which is none here. */
  static boolean isElsewhere(String word) {
    return ELSEWHERE.contains(word) || word.startsWith("trace:");
  }

  /** The items, a line for each. */
  static String list() {
    var text = new StringBuilder();
    for (LogItem item : values()) {
      text.append(line(item.word, item.help));
    }
    return text.toString();
  }

  /** A line of a list of items. */
  static String line(String word, String help) {
    return word + " ".repeat(Math.max(1, 16 - word.length())) + help + "\n";
  }
}
