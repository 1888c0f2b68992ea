// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.monitor.commandline.OptionTable;
import java.util.ArrayList;
import java.util.List;

/** How the options and operands of a command are written, one word or bracketed pair each. */
final class Synopsis {
  private Synopsis() {}

  /**
   * What may follow the command's name. Scripts look in there for an option to find out whether a
   * program has it.
   */
  static List<String> of(OptionTable table) {
    var words = new ArrayList<String>();
    for (OptionTable.Entry entry : table.entries()) {
      if (entry.key() != 'h') {
        words.add("[" + use(entry) + "]");
      }
    }
    words.addAll(table.operands());
    return words;
  }

  private static String use(OptionTable.Entry entry) {
    String letter = entry.letter();
    if (letter != null) {
      return entry.argument() == null ? letter : letter + " " + entry.argument();
    }
    return entry.longName() + (entry.argument() == null ? "" : "=" + entry.argument());
  }

  /** An option with all its names, as {@code -f, --format=FMT}. */
  static String names(OptionTable.Entry entry) {
    var text = new StringBuilder();
    String letter = entry.letter();
    String name = entry.longName();
    text.append(letter == null ? "" : letter);
    text.append(letter == null || name == null ? "" : ", ");
    text.append(name == null ? "" : name);
    if (entry.argument() != null) {
      text.append(name == null ? " " : "=").append(entry.argument());
    }
    return text.toString();
  }
}
