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
   * @param argument what its argument is called in the help, or null if it takes none; {@code a|b}
   *     if these words are all it may be
   */
  public record Entry(int key, @Nullable String name, @Nullable String argument, String help) {
    /** The letter with its dash, or null. */
    public @Nullable String letter() {
      return key < FIRST_KEY ? "-" + (char) key : null;
    }

    /** The name with its dashes, or null. */
    public @Nullable String longName() {
      return name == null ? null : "--" + name;
    }
  }

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

  /** A reader of {@code words} by these options; the environment says where operands stand. */
  public GetOpt read(String program, List<String> words, Consumer<String> errors) {
    return read(program, words, System.getenv("POSIXLY_CORRECT") != null, errors);
  }

  /**
   * A reader of {@code words} by these options.
   *
   * @param operandsLast whether the first operand ends the options
   */
  public GetOpt read(
      String program, List<String> words, boolean operandsLast, Consumer<String> errors) {
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
    return new GetOpt(program, words, letters.toString(), names, operandsLast, errors);
  }
}
