// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.Size;
import dev.strata.monitor.commandline.GetOpt;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command as it was given, and the reading of its words.
 *
 * @param name as the user wrote it, which may be an abbreviation
 * @param arguments the words behind it
 */
public record Words(String name, List<String> arguments) {
  /** The most bytes that one request moves, in the reference: a multiple of a sector in an int. */
  static final long MAX_REQUEST = Integer.MAX_VALUE / 512 * 512L;

  /** Splits a line at its spaces; null if there is nothing else. */
  public static @Nullable Words split(String line) {
    var words = new ArrayList<String>();
    int start = 0;
    while (start <= line.length()) {
      int end = line.indexOf(' ', start);
      end = end < 0 ? line.length() : end;
      if (end > start) {
        words.add(line.substring(start, end));
      }
      start = end + 1;
    }
    return words.isEmpty() ? null : new Words(words.getFirst(), words.subList(1, words.size()));
  }

  int count() {
    return arguments.size();
  }

  String get(int index) {
    return arguments.get(index);
  }

  /** Starts reading the options. */
  GetOpt options(Session session, String letters) {
    return new GetOpt(
        name, arguments, letters, List.of(), session.operandsLast(), session::printError);
  }

  /** A size or offset, 0 to 2^63 - 1. */
  static long number(Session session, String text) throws CommandFailure {
    long value;
    try {
      value = Size.parse(text);
    } catch (BlockException e) {
      throw e.errno() == Errno.ERANGE ? tooLarge(text) : notNumeric(text);
    }
    String deprecation = Size.deprecation(text);
    if (deprecation != null) {
      session.warn(deprecation);
    }
    if (value < 0) {
      throw tooLarge(text);
    }
    return value;
  }

  private static CommandFailure tooLarge(String text) {
    return CommandFailure.result("Parsing error: argument too large -- " + text);
  }

  private static CommandFailure notNumeric(String text) {
    return CommandFailure.result(
        "Parsing error: non-numeric argument, or extraneous/unrecognized suffix -- " + text);
  }

  /** The lengths of a vectored request's parts. */
  static long[] lengths(Session session, List<String> texts) throws CommandFailure {
    var lengths = new long[texts.size()];
    long total = 0;
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = number(session, texts.get(i));
      if (lengths[i] > MAX_REQUEST) {
        throw CommandFailure.result(
            "Argument '" + texts.get(i) + "' exceeds maximum size " + MAX_REQUEST);
      }
      if (total > MAX_REQUEST - lengths[i]) {
        throw CommandFailure.result(
            "The total number of bytes exceed the maximum size " + MAX_REQUEST);
      }
      total += lengths[i];
    }
    return lengths;
  }

  static long sum(long[] lengths) {
    long sum = 0;
    for (long length : lengths) {
      sum += length;
    }
    return sum;
  }

  /** A byte to fill with or to compare with. */
  static byte pattern(String text) throws CommandFailure {
    long value = integer(text);
    if (value < 0 || value > 0xff) {
      throw CommandFailure.result(text + " is not a valid pattern byte");
    }
    return (byte) value;
  }

  /** What strtol(3) with base 0 makes of all of {@code text}; -1 if it is none of 0 to 2^63 - 1. */
  static long integer(String text) {
    String digits = text.strip();
    if (!text.endsWith(digits)) {
      return -1;
    }
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int radix = 10;
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      radix = 16;
      digits = digits.substring(2);
    } else if (digits.length() > 1 && digits.startsWith("0")) {
      radix = 8;
      digits = digits.substring(1);
    }
    if (digits.isEmpty() || digits.startsWith("-") || digits.startsWith("+")) {
      return -1;
    }
    try {
      long value = Long.parseLong(digits, radix);
      return negative && value != 0 ? -1 : value;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Fails unless both are multiples of a sector, as compressed and VM state requests are. */
  static void requireSectors(long offset, long count) throws CommandFailure {
    if (offset % 512 != 0) {
      throw CommandFailure.result(offset + " is not a sector-aligned value for 'offset'");
    }
    if (count % 512 != 0) {
      throw CommandFailure.result(count + " is not a sector-aligned value for 'count'");
    }
  }
}
