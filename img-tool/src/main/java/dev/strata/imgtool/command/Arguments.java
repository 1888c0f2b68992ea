// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.option.Size;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.SnapshotChoice;
import dev.strata.monitor.commandline.Terminal;
import java.util.List;

/** Reads a command's words; wrong ones are reported and end the command. */
final class Arguments {
  private final GetOpt reader;
  private final OptionTable table;
  private final Terminal terminal;
  private final boolean plain;
  private boolean missing;

  Arguments(OptionTable table, List<String> words, Terminal terminal) {
    this.table = table;
    this.terminal = terminal;
    this.plain = false;
    this.reader =
        table.read(terminal.program(), words, message -> missing = message.contains("requires an"));
  }

  private Arguments(OptionTable table, Terminal terminal, GetOpt reader) {
    this.table = table;
    this.terminal = terminal;
    this.plain = true;
    this.reader = reader;
  }

  /**
   * A reader that reports in glibc's own words, with the command's name in front, and then has
   * {@link #next} answer {@link GetOpt#ERROR}.
   */
  static Arguments plain(String command, OptionTable table, List<String> words, Terminal terminal) {
    return new Arguments(table, terminal, table.read(command, words, terminal::line));
  }

  /** The next option, or {@link GetOpt#END}. */
  int next() throws UsageException {
    int option = reader.next();
    if (option == GetOpt.ERROR && !plain) {
      String word = reader.lastWord();
      terminal.usage(
          missing
              ? "missing argument for option '" + word + "'"
              : "unrecognized option '" + word + "'");
      throw new UsageException();
    }
    return option;
  }

  String argument() {
    return reader.argument();
  }

  List<String> operands() {
    return reader.operands();
  }

  /** The failure of a wrong command line. */
  UsageException wrong(String message) {
    terminal.usage(message);
    return new UsageException();
  }

  /** The failure of a wrong value; the user knows the command. */
  UsageException wrongValue(String message) {
    terminal.error(message);
    return new UsageException();
  }

  /** The end of a command that was asked for a listing. */
  UsageException answered(String listing) {
    terminal.out().print(listing);
    return new UsageException(0);
  }

  /** The failure of a wrong value, with its hint. */
  UsageException wrong(BlockException failure) {
    terminal.error(failure);
    return new UsageException();
  }

  /** The only operand, a file's name. */
  String onlyImage() throws UsageException {
    if (operands().size() != 1) {
      throw wrong("Expecting one image file name");
    }
    return operands().getFirst();
  }

  /** Whether the option of that name has the only argument it can have; throws if not. */
  boolean isJson(String name) throws UsageException {
    if (!argument().equals("json")) {
      throw wrong("--" + name + " must be used with json as argument.");
    }
    return true;
  }

  /** The argument as the choice of an internal snapshot. */
  SnapshotChoice snapshot() throws UsageException {
    try {
      return SnapshotChoice.parse(argument(), warning -> terminal.error("warning: " + warning));
    } catch (BlockException e) {
      terminal.error(e.getMessage());
      throw wrongValue("Failed in parsing snapshot param '" + argument() + "'");
    }
  }

  /** The argument as a number as C writes them, from 0 to 2147483647. */
  int integer(String what) throws UsageException {
    long value = parseInteger(argument());
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw wrongValue("Invalid " + what + " specified");
    }
    return (int) value;
  }

  /** What strtol(3) of base 0 makes of a text, or -1 if it is no number or too large. */
  static long parseInteger(String text) {
    String digits = text.stripLeading();
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int base = 10;
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      base = 16;
      digits = digits.substring(2);
    } else if (digits.startsWith("0")) {
      base = 8;
    }
    if (digits.isEmpty() || Character.digit(digits.charAt(0), base) < 0) {
      return -1; // no second sign
    }
    try {
      long value = Long.parseLong(digits, base);
      return negative && value != 0 ? -1 : value;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** The {@link Size} that {@code text} is; what is deprecated of it is warned of. */
  long size(String text) throws BlockException {
    long size = Size.parse(text);
    String deprecation = Size.deprecation(text);
    if (deprecation != null) {
      terminal.error("warning: " + deprecation);
    }
    return size;
  }

  OptionTable table() {
    return table;
  }

  /** The user has been told what is wrong, or what was asked for. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    /** The command's exit code. */
    final int code;

    UsageException() {
      this(1);
    }

    UsageException(int code) {
      super(null, null, false, false);
      this.code = code;
    }
  }
}
