// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The options of a command: the one source of reading them and of the help about them. */
public final class OptionTable {
  /** The first key of an option that has no letter. */
  public static final int FIRST_KEY = 256;

  /**
   * An option.
   *
   * @param key what {@link GetOpt#next} answers: the letter, or a number from {@link #FIRST_KEY} on
   * @param name without the dashes, or null if there is only the letter
   * @param argument what its argument is called in the help, or null if it takes none
   */
  public record Entry(int key, @Nullable String name, @Nullable String argument, String help) {}

  private final List<Entry> entries = new ArrayList<>();
  private final List<String> operands = new ArrayList<>();

  /** No options yet. */
  public OptionTable() {}

  /** Adds an option with a letter and maybe a name. */
  public OptionTable with(
      char letter, @Nullable String name, @Nullable String argument, String help) {
    entries.add(new Entry(letter, name, argument, help));
    return this;
  }

  /** Adds an option without a letter. */
  public OptionTable with(int key, String name, @Nullable String argument, String help) {
    entries.add(new Entry(key, name, argument, help));
    return this;
  }

  /** Names an operand for the help, as {@code FILENAME} or {@code [SIZE]}. */
  public OptionTable operand(String name) {
    operands.add(name);
    return this;
  }

  public List<Entry> entries() {
    return entries;
  }

  public List<String> operands() {
    return operands;
  }

  /** A reader of {@code words} by these options. */
  public GetOpt read(String program, List<String> words, Consumer<String> errors) {
    var letters = new StringBuilder();
    var names = new ArrayList<GetOpt.Long>();
    for (Entry entry : entries) {
      boolean argument = entry.argument() != null;
      if (entry.key() < FIRST_KEY) {
        letters.append((char) entry.key()).append(argument ? ":" : "");
      }
      if (entry.name() != null) {
        names.add(new GetOpt.Long(entry.name(), argument, entry.key()));
      }
    }
    boolean operandsLast = System.getenv("POSIXLY_CORRECT") != null;
    return new GetOpt(program, words, letters.toString(), names, operandsLast, errors);
  }

  /** The help: a usage line and a line or two for each option. */
  public String help(String command) {
    var text = new StringBuilder("usage: ").append(command).append(" [OPTION]...");
    for (String operand : operands) {
      text.append(' ').append(operand);
    }
    text.append("\n\n");
    for (Entry entry : entries) {
      int start = text.length();
      text.append("  ");
      if (entry.key() < FIRST_KEY) {
        text.append('-').append((char) entry.key());
        text.append(entry.name() == null ? "" : ", ");
      }
      if (entry.name() != null) {
        text.append("--").append(entry.name());
      }
      if (entry.argument() != null) {
        text.append(entry.name() == null ? " " : "=").append(entry.argument());
      }
      if (text.length() - start > 30) {
        text.append('\n');
        start = text.length();
      }
      while (text.length() - start < 32) {
        text.append(' ');
      }
      text.append(entry.help()).append('\n');
    }
    return text.toString();
  }
}
