// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import dev.strata.testimages.corpus.CorpusCase.Allowance;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Hides in a tool's output what truly varies from run to run: space used on the host, dates, time
 * taken, the scratch directory's name. Nothing else is hidden, unless the case says so.
 */
final class VaryingText {
  private record Rule(Pattern pattern, String replacement) {
    static Rule of(String pattern, String replacement) {
      return new Rule(Pattern.compile(pattern, Pattern.MULTILINE), replacement);
    }
  }

  private static final List<Rule> ALWAYS =
      List.of(
          // Space used on the host's file system.
          Rule.of("^disk size: .*$", "disk size: <host space>"),
          Rule.of("\"actual-size\": \\d+", "\"actual-size\": <host space>"),
          // When a snapshot was taken.
          Rule.of("\\b20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\b", "<date>"),
          Rule.of("\"date-(sec|nsec)\": \\d+", "\"date-$1\": <date>"),
          // What identifies a vmdk disk's content is random; 4294967295 is for none.
          Rule.of("\\b(cid\"?): (?!4294967295\\b)\\d+", "$1: <content>"),
          Rule.of("\\b((?:parent)?CID=)(?!ffffffff\\b)[0-9a-f]+", "$1<content>"),
          // Names of nodes without a name end in two random digits.
          Rule.of("#block\\d{3,}", "#block<number>"),
          // How long qemu-io and qemu-img bench took.
          // qemu-io gives hours for an asynchronous write of zeroes: its clock starts at boot.
          Rule.of("; [\\d.:]+(?: sec)? \\([^)]* ops/sec\\)", "; <time>"),
          Rule.of("^(\\d+,\\d+),[\\d.:]+,[\\d.naif]+,[\\d.naif]+$", "$1,<time>"),
          Rule.of("^Run completed in [\\d.]+ seconds\\.$", "Run completed in <time> seconds."));

  private static final Rule PROGRESS =
      Rule.of(
          "( +\\(\\d+\\.\\d\\d/100%\\)\\r)(?: +\\(\\d+\\.\\d\\d/100%\\)\\r)*("
              + " +\\(\\d+\\.\\d\\d/100%\\)\\r)",
          "$1<progress>\r$2");

  private static final List<Rule> OFFSETS =
      List.of(
          Rule.of("\"offset\": \\d+", "\"offset\": <host offset>"),
          Rule.of("^(0x?[0-9a-f]* +0x?[0-9a-f]* +)0x?[0-9a-f]* +", "$1<host offset> "));

  private VaryingText() {}

  /** Returns the text with all that varies replaced by a name in angle brackets. */
  static String hide(String text, Path scratch, Set<Allowance> allowances) {
    String result = text.replace(scratch.toString(), "<scratch>");
    for (Rule rule : ALWAYS) {
      result = apply(rule, result);
    }
    if (allowances.contains(Allowance.PROGRESS)) {
      result = apply(PROGRESS, result);
    }
    if (allowances.contains(Allowance.OFFSETS)) {
      for (Rule rule : OFFSETS) {
        result = apply(rule, result);
      }
    }
    if (allowances.contains(Allowance.ORDER)) {
      result = String.join("\n", result.lines().sorted().toList());
    }
    return result;
  }

  private static String apply(Rule rule, String text) {
    return rule.pattern().matcher(text).replaceAll(rule.replacement());
  }
}
