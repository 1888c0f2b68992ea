// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The names of eight and three characters that the files of one folder have beside their own: each
 * its own, made as the reference makes them.
 *
 * @see "Microsoft FAT32 File System Specification 1.03, Name Limits and Character Sets"
 */
final class ShortNames {
  static final int BYTES = 11;
  private static final int BASE = 8;
  private static final int EXTENSION = 3;
  private static final String SPECIAL = "$%'-_@~`!(){}^#&";

  private final Set<String> taken = new HashSet<>();
  private final Map<String, Integer> numbers = new HashMap<>(); // the last of each kind

  /** A name for a file, padded to {@link #BYTES}. */
  byte[] of(String name) {
    int start = 0;
    while (start < name.length() && name.charAt(start) == '.') {
      start++;
    }
    int firstDot = name.indexOf('.', start);
    int lastDot = name.lastIndexOf('.');
    int end = firstDot < 0 ? name.length() : firstDot;
    String wholeBase = name.substring(start, end);
    String wholeExtension = firstDot < 0 ? "" : name.substring(lastDot + 1);
    String base = allowed(wholeBase);
    String extension = allowed(wholeExtension);
    boolean differs =
        start > 0
            || (firstDot >= 0 && lastDot > firstDot)
            || base.length() < wholeBase.length()
            || extension.length() < wholeExtension.length()
            || base.isEmpty()
            || base.length() > BASE
            || extension.length() > EXTENSION;
    extension = extension.substring(0, Math.min(EXTENSION, extension.length()));
    String plain = padded(base, extension);
    if (!differs && taken.add(plain)) {
      return bytes(plain);
    }
    return numbered(base, extension);
  }

  private byte[] numbered(String base, String extension) {
    String kind = padded(base.substring(0, Math.min(BASE - 2, base.length())), extension);
    for (int number = numbers.getOrDefault(kind, 0) + 1; ; number++) {
      String tail = "~" + number;
      String head = base.substring(0, Math.min(BASE - tail.length(), base.length()));
      String name = padded(head + tail, extension);
      if (taken.add(name)) {
        numbers.put(kind, number);
        return bytes(name);
      }
    }
  }

  private static String padded(String base, String extension) {
    String cut = base.substring(0, Math.min(BASE, base.length()));
    return cut
        + " ".repeat(BASE - cut.length())
        + extension
        + " ".repeat(EXTENSION - extension.length());
  }

  private static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }

  /** What of a text may stand in a short name, in capitals. */
  private static String allowed(String text) {
    var kept = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || SPECIAL.indexOf(c) >= 0)) {
        kept.append(c);
      }
    }
    return kept.toString().toUpperCase(Locale.ROOT);
  }
}
