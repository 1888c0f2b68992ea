// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

/**
 * Text that was read from an image or a peer, as a terminal may see it: whoever wrote it must not
 * move the cursor, set titles, or make one line look like two.
 */
public final class Printable {
  private static final String HEX = "0123456789abcdef";

  private Printable() {}

  /**
   * The text on one line. If nothing in it steers a terminal, it is the very same; else what does
   * is {@code \\x1b} or {@code \\u202e}, and a backslash is doubled.
   */
  public static String of(String text) {
    return escape(text, false);
  }

  /** As {@link #of}, but what are lines already stay lines. */
  public static String lines(String text) {
    return escape(text, true);
  }

  private static String escape(String text, boolean lines) {
    int first = 0;
    while (first < text.length() && !steers(text.charAt(first), lines)) {
      first++;
    }
    if (first == text.length()) {
      return text;
    }
    var out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        out.append("\\\\");
      } else if (!steers(c, lines)) {
        out.append(c);
      } else if (c < 0x100) {
        out.append("\\x").append(digit(c, 4)).append(digit(c, 0));
      } else {
        out.append("\\u").append(digit(c, 12)).append(digit(c, 8));
        out.append(digit(c, 4)).append(digit(c, 0));
      }
    }
    return out.toString();
  }

  private static char digit(char c, int shift) {
    return HEX.charAt((c >> shift) & 15);
  }

  /** Controls of ASCII and Latin-1, ends of lines, and what turns the direction of writing. */
  private static boolean steers(char c, boolean lines) {
    if (c < 0x20) {
      return !lines || (c != '\n' && c != '\t');
    }
    return c >= 0x7f
        && (c < 0xa0
            || c == 0x2028
            || c == 0x2029
            || (c >= 0x202a && c <= 0x202e)
            || (c >= 0x2066 && c <= 0x2069));
  }
}
