// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Options as one argument: {@code name=value,name=value}. A comma in a value is written twice. A
 * name alone is {@code on}, with {@code no} before it {@code off}. Of a name given twice the last
 * value counts. Dots in names mean nothing here; compare {@link DottedKeys}.
 */
public final class OptionString {
  private final String text;
  private final @Nullable Consumer<String> warnings;
  private final BlockOptions options = new BlockOptions();
  private int position;

  private OptionString(String text, @Nullable Consumer<String> warnings) {
    this.text = text;
    this.warnings = warnings;
  }

  /**
   * The options for creation or amendment, as after {@code -o}; several such arguments are joined
   * with a comma first.
   *
   * @throws BlockException EINVAL when there is an empty option at either end
   */
  public static BlockOptions parseCreation(String text) throws BlockException {
    checkList(text);
    var parser = new OptionString(text, null);
    parser.run(null);
    return parser.options;
  }

  /**
   * EINVAL when {@code text} cannot be one {@code -o} argument: with an empty option at either end,
   * joining would turn commas into an escape.
   */
  public static void checkList(String text) throws BlockException {
    int commas = 0;
    while (commas < text.length() && text.charAt(text.length() - 1 - commas) == ',') {
      commas++;
    }
    if (text.isEmpty() || text.charAt(0) == ',' || commas % 2 != 0) {
      throw new BlockException(EINVAL, "Invalid option list: " + text);
    }
  }

  /**
   * The options to open an image, as with {@code --image-opts}. The first may be a value alone, the
   * name of a node.
   *
   * @param warnings takes what the reference prints as warnings, one call each, perhaps of two
   *     lines
   */
  public static BlockOptions parseImage(String text, Consumer<String> warnings)
      throws BlockException {
    return parse(text, "file", warnings);
  }

  /**
   * The options of {@code text}.
   *
   * @param impliedName what a first value without a name is; null when that is not allowed
   * @param warnings takes what the reference prints as warnings; null for where it prints none
   */
  public static BlockOptions parse(
      String text, @Nullable String impliedName, @Nullable Consumer<String> warnings)
      throws BlockException {
    var parser = new OptionString(text, warnings);
    parser.run(impliedName);
    String id = parser.options.string("id");
    if (id != null && !isIdentifier(id)) {
      throw new BlockException(EINVAL, "Parameter 'id' expects an identifier")
          .withHint(
              "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.");
    }
    return parser.options;
  }

  /** Whether one of the options is {@code help} or {@code ?}. */
  public static boolean asksForHelp(String text) {
    var parser = new OptionString(text, null);
    while (parser.position < text.length()) {
      String option = parser.value();
      if (isHelp(option)) {
        return true;
      }
      parser.position++;
    }
    return false;
  }

  /** Letters, digits, {@code -._}, a letter first: what may name an object. */
  public static boolean isIdentifier(String id) {
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      boolean inner = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
      if (!letter && (i == 0 || !inner)) {
        return false;
      }
    }
    return !id.isEmpty();
  }

  static boolean isHelp(String word) {
    return word.equals("help") || word.equals("?");
  }

  private void run(@Nullable String impliedName) {
    while (position < text.length()) {
      int start = position;
      int end = nameEnd(start);
      if (end < text.length() && text.charAt(end) == '=') {
        position = end + 1;
        put(text.substring(start, end), value());
      } else if (start == 0 && impliedName != null) {
        put(impliedName, value());
      } else {
        position = end;
        flag(text.substring(start, end));
      }
      position++; // the comma
    }
  }

  private int nameEnd(int start) {
    int end = start;
    while (end < text.length() && text.charAt(end) != '=' && text.charAt(end) != ',') {
      end++;
    }
    return end;
  }

  /** The text from here to the next single comma, where the position is then. */
  private String value() {
    int start = position;
    StringBuilder unescaped = null;
    int comma = text.indexOf(',', start);
    while (comma >= 0 && comma + 1 < text.length() && text.charAt(comma + 1) == ',') {
      if (unescaped == null) {
        unescaped = new StringBuilder();
      }
      unescaped.append(text, start, comma + 1);
      start = comma + 2;
      comma = text.indexOf(',', start);
    }
    position = comma < 0 ? text.length() : comma;
    String rest = text.substring(start, position);
    return unescaped == null ? rest : unescaped.append(rest).toString();
  }

  private void flag(String word) {
    boolean off = word.startsWith("no");
    String name = off ? word.substring(2) : word;
    String value = off ? "off" : "on";
    if (warnings != null && !isHelp(word)) {
      warnings.accept(
          "short-form boolean option '"
              + word
              + "' deprecated\nPlease use "
              + name
              + "="
              + value
              + " instead");
    }
    put(name, value);
  }

  private void put(String name, String value) {
    options.put(name, value);
  }
}
