// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import dev.strata.testimages.corpus.CorpusCase.Allowance;
import dev.strata.testimages.corpus.CorpusCase.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads {@code *.cases} files. A line's first character says what it is; the README beside the
 * files explains them:
 *
 * <pre>
 *   # a comment
 *   * name: value              a list; indented lines below are more values ("label => value")
 *   == title                   begins a case
 *   ~ progress                 a permitted difference
 *   = file size [seed]         a file of noise
 *   + shell line               set-up, with the real tools
 *   &amp; qemu-io …               the real qemu-io holds an image open until the case ends
 *   $ shell line               under test
 * </pre>
 *
 * A case in which {@code {name}} of a list occurs stands for one case per value (for several lists:
 * per combination).
 */
final class CaseFile {
  private static final Pattern PLACE = Pattern.compile("\\{[a-z0-9-]+\\}");

  private record Value(String label, String text) {}

  private record Line(char kind, String text) {}

  private final String name;
  private final Map<String, List<Value>> lists = new LinkedHashMap<>();
  private final List<CorpusCase> cases = new ArrayList<>();

  private String title = "";
  private int titleLine;
  private final List<Line> body = new ArrayList<>();

  private CaseFile(String name) {
    this.name = name;
  }

  /** Reads all case files of a directory in alphabetical order. */
  static List<CorpusCase> readAll(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(directory)) {
      files = entries.filter(p -> p.toString().endsWith(".cases")).sorted().toList();
    }
    List<CorpusCase> all = new ArrayList<>();
    for (Path file : files) {
      String fileName = file.getFileName().toString();
      all.addAll(
          parse(
              fileName.substring(0, fileName.length() - ".cases".length()),
              Files.readString(file)));
    }
    return all;
  }

  /** Reads one case file's text. */
  static List<CorpusCase> parse(String name, String text) {
    CaseFile file = new CaseFile(name);
    int lineNumber = 0;
    List<Value> openList = null;
    for (String line : text.lines().toList()) {
      lineNumber++;
      if (line.isBlank() || line.startsWith("#")) {
        openList = null;
      } else if (line.startsWith("== ")) {
        openList = null;
        file.endCase();
        file.title = line.substring(3).strip();
        file.titleLine = lineNumber;
      } else if (line.startsWith("* ")) {
        openList = file.beginList(line.substring(2), lineNumber);
      } else if (line.startsWith("    ") && openList != null) {
        openList.add(value(line.strip()));
      } else if (line.length() > 2
          && line.charAt(1) == ' '
          && "~=+&$".indexOf(line.charAt(0)) >= 0) {
        openList = null;
        if (file.title.isEmpty()) {
          throw file.wrong(lineNumber, "a line outside a case");
        }
        file.body.add(new Line(line.charAt(0), line.substring(2).strip()));
      } else {
        throw file.wrong(lineNumber, "not understood: " + line);
      }
    }
    file.endCase();
    Set<String> titles = new HashSet<>();
    for (CorpusCase each : file.cases) {
      if (!titles.add(each.title())) {
        throw file.wrong(each.line(), "title used twice: " + each.title());
      }
    }
    return file.cases;
  }

  private List<Value> beginList(String text, int lineNumber) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw wrong(lineNumber, "a list is '* name: value'");
    }
    List<Value> values = new ArrayList<>();
    lists.put(text.substring(0, colon).strip(), values);
    if (!text.substring(colon + 1).isBlank()) {
      values.add(value(text.substring(colon + 1).strip()));
    }
    return values;
  }

  private static Value value(String text) {
    int arrow = text.indexOf(" => ");
    return arrow < 0
        ? new Value(text, text)
        : new Value(text.substring(0, arrow).strip(), text.substring(arrow + 4).strip());
  }

  private void endCase() {
    if (!title.isEmpty()) {
      List<String> used = new ArrayList<>();
      for (String list : lists.keySet()) {
        if (body.stream().anyMatch(line -> line.text().contains("{" + list + "}"))) {
          used.add(list);
        }
      }
      expand(used, 0, title, body);
    }
    title = "";
    body.clear();
  }

  private void expand(List<String> used, int depth, String expandedTitle, List<Line> lines) {
    if (depth == used.size()) {
      Matcher unknown = PLACE.matcher(expandedTitle);
      if (unknown.find()) {
        throw wrong(titleLine, "no list " + unknown.group());
      }
      cases.add(build(expandedTitle, lines));
      return;
    }
    String list = used.get(depth);
    for (Value value : lists.getOrDefault(list, List.of())) {
      List<Line> replaced = new ArrayList<>();
      for (Line line : lines) {
        replaced.add(new Line(line.kind(), line.text().replace("{" + list + "}", value.text())));
      }
      String place = "{" + list + "}";
      String longer =
          expandedTitle.contains(place)
              ? expandedTitle.replace(place, value.label())
              : expandedTitle + " | " + value.label();
      expand(used, depth + 1, longer, replaced);
    }
  }

  private CorpusCase build(String expandedTitle, List<Line> lines) {
    Set<Allowance> allowances = EnumSet.noneOf(Allowance.class);
    List<Step> steps = new ArrayList<>();
    for (Line line : lines) {
      switch (line.kind()) {
        case '~' ->
            allowances.add(
                Allowance.valueOf(line.text().toUpperCase(Locale.ROOT).replace('-', '_')));
        case '=' -> steps.add(noise(line.text()));
        case '+' -> steps.add(new Step.Setup(line.text()));
        case '&' -> steps.add(new Step.Holder(line.text()));
        default -> steps.add(new Step.Tested(line.text()));
      }
    }
    return new CorpusCase(name, expandedTitle, titleLine, allowances, List.copyOf(steps));
  }

  private Step.Noise noise(String text) {
    String[] words = text.split(" +");
    if (words.length < 2) {
      throw wrong(titleLine, "noise is '= file size [seed]'");
    }
    return new Step.Noise(
        words[0], bytes(words[1]), words.length > 2 ? Long.parseLong(words[2]) : 1);
  }

  private static long bytes(String size) {
    String digits = size.substring(0, size.length() - 1);
    return switch (size.charAt(size.length() - 1)) {
      case 'k' -> Long.parseLong(digits) << 10;
      case 'M' -> Long.parseLong(digits) << 20;
      default -> Long.parseLong(size);
    };
  }

  private IllegalArgumentException wrong(int lineNumber, String what) {
    return new IllegalArgumentException(name + ".cases:" + lineNumber + ": " + what);
  }
}
