// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.block.option.Size;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A command's words, of which those in the middle may be options. */
final class ArgumentWords {
  private static final Pattern SIZE =
      Pattern.compile("(0[xX][0-9a-fA-F]+|[0-9]+(?:\\.[0-9]*)?)([bBkKmMgGtTpPeE]?)(.*)");
  private static final int MEBIBYTES = 20; // what a number without a suffix counts, as a shift

  private final String command;
  private final List<String> left;

  private ArgumentWords(String command, List<String> words) {
    this.command = command;
    this.left = new ArrayList<>(words);
  }

  /** A command is not understood. */
  @SuppressWarnings("serial")
  static final class MisusedException extends Exception {
    MisusedException(String command, @Nullable String why) {
      super(MonitorCommands.misused(command, why));
    }
  }

  /** What a command does with its words. */
  interface Parsed {
    /** Carries it out; what is answered, in lines. */
    String run(ArgumentWords words) throws MisusedException, BlockException;
  }

  /** What a command answers, in lines, its errors too. */
  static String run(String command, List<String> given, Parsed parsed) {
    try {
      return parsed.run(new ArgumentWords(command, given));
    } catch (MisusedException e) {
      return String.valueOf(e.getMessage());
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }

  /** Takes an option of that letter, which may stand next. */
  boolean takes(char letter) throws MisusedException {
    boolean there = !left.isEmpty() && left.getFirst().startsWith("-");
    if (there) {
      String option = left.removeFirst();
      if (!option.equals("-" + letter)) {
        throw unsupported(command, option);
      }
    }
    return there;
  }

  /**
   * Takes the options that stand next.
   *
   * @param name the command's, as errors have it
   * @param known the letters that there are
   */
  List<Character> options(String name, String known) throws MisusedException {
    var letters = new ArrayList<Character>();
    while (!left.isEmpty() && left.getFirst().startsWith("-")) {
      String option = left.removeFirst();
      if (option.length() != 2 || known.indexOf(option.charAt(1)) < 0) {
        throw unsupported(name, option);
      }
      letters.add(option.charAt(1));
    }
    return letters;
  }

  private MisusedException unsupported(String name, String option) {
    return new MisusedException(command, name + ": unsupported option " + option);
  }

  /** Takes what has to be there. */
  String take(String what) throws MisusedException {
    if (left.isEmpty()) {
      throw new MisusedException(command, command + ": " + what + " expected");
    }
    return left.removeFirst();
  }

  /** Takes what may be there. */
  @Nullable String takeMore() {
    return left.isEmpty() ? null : left.removeFirst();
  }

  /** Whether nothing is left. */
  boolean isEmpty() {
    return left.isEmpty();
  }

  /** Takes a size, in mebibytes if it has no suffix; in bytes, 0 or more. */
  long size() throws MisusedException {
    String text = takeMore();
    Matcher parts = SIZE.matcher(text == null ? "" : text);
    if (!parts.matches()) {
      throw new MisusedException(command, "invalid size");
    }
    long bytes;
    try {
      bytes = Size.parse(parts.group(1) + parts.group(2), MEBIBYTES);
    } catch (BlockException e) {
      bytes = -1;
    }
    if (bytes < 0) {
      throw new MisusedException(command, "invalid size");
    }
    String rest = parts.group(3);
    if (rest != null && !rest.isEmpty()) {
      left.addFirst(rest);
    }
    return bytes;
  }

  /** Fails if anything is left. */
  void end() throws MisusedException {
    if (!left.isEmpty()) {
      throw new MisusedException(command, command + ": extraneous characters at the end of line");
    }
  }
}
