// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import java.util.ArrayList;
import java.util.List;

/**
 * What help and manual say of a command or a tool beside its options. Made when somebody asks for
 * it, never by a command that runs.
 *
 * @param summary what it does, without a full stop: {@code creates an image}
 * @param text paragraphs with an empty line between them; other line breaks mean nothing
 */
public record Description(String summary, String text, List<Example> examples) {
  /** A command line, and what it does. */
  public record Example(String command, String effect) {}

  /**
   * A description.
   *
   * @param examples command lines, each followed by what it does
   */
  public static Description of(String summary, String text, String... examples) {
    var all = new ArrayList<Example>();
    for (int i = 0; i + 1 < examples.length; i += 2) {
      all.add(new Example(examples[i], examples[i + 1]));
    }
    return new Description(summary, text, List.copyOf(all));
  }

  /** The text's paragraphs, each on one line. */
  public List<String> paragraphs() {
    var all = new ArrayList<String>();
    for (String paragraph : text.strip().split("\\n\\s*\\n")) {
      String line = paragraph.strip().replaceAll("\\s+", " ");
      if (!line.isEmpty()) {
        all.add(line);
      }
    }
    return all;
  }
}
