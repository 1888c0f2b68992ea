// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command line's words: between spaces, or between quotation marks with escapes in them. */
final class CommandWords {
  private final String line;
  private int next;

  private CommandWords(String line) {
    this.line = line;
  }

  /** The words; those from one on that has no end or an escape that is none are left out. */
  static List<String> of(String line) {
    var scan = new CommandWords(line);
    var words = new ArrayList<String>();
    for (String word = scan.word(); word != null; word = scan.word()) {
      words.add(word);
    }
    return words;
  }

  private @Nullable String word() {
    while (next < line.length() && Character.isWhitespace(line.charAt(next))) {
      next++;
    }
    if (next == line.length()) {
      return null;
    }
    if (line.charAt(next) == '"') {
      next++;
      return quoted();
    }
    int from = next;
    while (next < line.length() && !Character.isWhitespace(line.charAt(next))) {
      next++;
    }
    return line.substring(from, next);
  }

  private @Nullable String quoted() {
    var word = new StringBuilder();
    while (next < line.length()) {
      char letter = line.charAt(next++);
      if (letter == '"') {
        return word.toString();
      }
      if (letter == '\\') {
        String meant = next < line.length() ? escaped(line.charAt(next++)) : null;
        if (meant == null) {
          next = line.length();
          return null;
        }
        word.append(meant);
      } else {
        word.append(letter);
      }
    }
    return null;
  }

  private static @Nullable String escaped(char letter) {
    return switch (letter) {
      case 'n' -> "\n";
      case 'r' -> "\r";
      case '\\', '\'', '"' -> String.valueOf(letter);
      default -> null;
    };
  }
}
