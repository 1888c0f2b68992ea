// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads options as GNU getopt_long(3) does: letters may be joined, long names abbreviated, and
 * operands stand anywhere unless the caller wants them last. Messages are those of glibc.
 */
public final class GetOpt {
  /** All options have been read. */
  public static final int END = -1;

  /** An option was wrong, and the user has been told. */
  public static final int ERROR = '?';

  /**
   * A long option.
   *
   * @param key what {@link #next} answers
   */
  public record Long(String name, boolean argument, int key) {}

  private final String program;
  private final List<String> words;
  private final String letters;
  private final List<Long> names;
  private final boolean operandsLast;
  private final Consumer<String> errors;
  private final List<String> operands = new ArrayList<>();
  private int index;
  private String cluster = "";
  private @Nullable String argument;

  /**
   * Nothing read yet.
   *
   * @param program the name in front of messages
   * @param words without the program's name
   * @param letters the short options, each followed by a colon if it takes an argument
   * @param names the long options, in the order in which messages list them
   * @param operandsLast whether the first operand ends the options
   * @param errors takes a message, one line
   */
  public GetOpt(
      String program,
      List<String> words,
      String letters,
      List<Long> names,
      boolean operandsLast,
      Consumer<String> errors) {
    this.program = program;
    this.words = words;
    this.letters = letters;
    this.names = names;
    this.operandsLast = operandsLast;
    this.errors = errors;
  }

  /** The next option's letter or key, {@link #ERROR} or {@link #END}. */
  public int next() {
    argument = null;
    if (!cluster.isEmpty()) {
      return letter();
    }
    while (index < words.size()) {
      String word = words.get(index++);
      if (word.equals("--")) {
        break;
      } else if (word.startsWith("--") && !names.isEmpty()) {
        return name(word);
      } else if (word.length() > 1 && word.charAt(0) == '-') {
        cluster = word.substring(1);
        return letter();
      }
      operands.add(word);
      if (operandsLast) {
        break;
      }
    }
    operands.addAll(words.subList(index, words.size()));
    index = words.size();
    return END;
  }

  /**
   * The word that was read last, as C programs find it for their messages: within joined letters
   * the word before.
   */
  public String lastWord() {
    int at = cluster.isEmpty() ? index - 1 : index - 2;
    return at >= 0 && at < words.size() ? words.get(at) : program;
  }

  /** The argument of the option that {@link #next} answered; empty if it takes none. */
  public String argument() {
    return argument == null ? "" : argument;
  }

  /** What is no option; complete after {@link #END}. */
  public List<String> operands() {
    return operands;
  }

  private int letter() {
    char letter = cluster.charAt(0);
    cluster = cluster.substring(1);
    int at = letter == ':' ? -1 : letters.indexOf(letter);
    if (at < 0) {
      errors.accept(program + ": invalid option -- '" + letter + "'");
      return ERROR;
    }
    if (at + 1 < letters.length() && letters.charAt(at + 1) == ':') {
      if (!cluster.isEmpty()) {
        argument = cluster;
        cluster = "";
      } else if (index < words.size()) {
        argument = words.get(index++);
      } else {
        errors.accept(program + ": option requires an argument -- '" + letter + "'");
        return ERROR;
      }
    }
    return letter;
  }

  private int name(String word) {
    int equals = word.indexOf('=');
    String given = equals < 0 ? word.substring(2) : word.substring(2, equals);
    Long found = find(given, word);
    if (found == null) {
      return ERROR;
    }
    if (equals >= 0) {
      if (!found.argument()) {
        errors.accept(program + ": option '--" + found.name() + "' doesn't allow an argument");
        return ERROR;
      }
      argument = word.substring(equals + 1);
    } else if (found.argument()) {
      if (index == words.size()) {
        errors.accept(program + ": option '--" + found.name() + "' requires an argument");
        return ERROR;
      }
      argument = words.get(index++);
    }
    return found.key();
  }

  private @Nullable Long find(String given, String word) {
    var candidates = new ArrayList<Long>();
    boolean ambiguous = false;
    for (Long name : names) {
      if (name.name().equals(given)) {
        return name;
      }
      if (name.name().startsWith(given)) {
        candidates.add(name);
        // Two names of one option are no ambiguity.
        ambiguous |= candidates.getFirst().key() != name.key();
      }
    }
    if (candidates.isEmpty()) {
      errors.accept(program + ": unrecognized option '--" + given + "'");
      return null;
    }
    if (ambiguous) {
      var message = new StringBuilder(program);
      message.append(": option '").append(word).append("' is ambiguous; possibilities:");
      for (Long candidate : candidates) {
        message.append(" '--").append(candidate.name()).append('\'');
      }
      errors.accept(message.toString());
      return null;
    }
    return candidates.getFirst();
  }
}
