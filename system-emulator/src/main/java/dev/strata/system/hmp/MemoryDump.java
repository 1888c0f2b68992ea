// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.system.hmp.Expression.WrongExpressionException;
import dev.strata.system.hmp.NumberFormat.WrongFormatException;
import java.util.List;
import java.util.function.LongToIntFunction;

/**
 * The commands that show numbers: memory by its physical or virtual address, and expressions. What
 * a format does not say is as it was the last time.
 */
final class MemoryDump {
  private final MonitorSubject subject;
  private NumberFormat last = NumberFormat.FIRST; // guarded by this

  MemoryDump(MonitorSubject subject) {
    this.subject = subject;
  }

  /** The command {@code x}: as the processor sees memory now. */
  String virtual(List<String> words) {
    return run("x", words, subject::virtualByte);
  }

  /** The command {@code xp}. */
  String physical(List<String> words) {
    return run("xp", words, subject::physicalByte);
  }

  /** The command {@code print}. */
  String print(List<String> words) {
    try {
      NumberFormat format = format(words);
      return format.alone(value("print|p", words)) + "\n";
    } catch (WrongFormatException | WrongExpressionException e) {
      return MonitorCommands.misused("p", e.getMessage());
    }
  }

  private static boolean isFormat(List<String> words) {
    return !words.isEmpty() && words.getFirst().startsWith("/");
  }

  private synchronized NumberFormat format(List<String> words) throws WrongFormatException {
    NumberFormat format = last.with(isFormat(words) ? words.getFirst().substring(1) : "");
    if (format.letter() == 'i') {
      throw new WrongFormatException("instructions cannot be shown: there is no disassembler");
    }
    last = format;
    return format;
  }

  private long value(String command, List<String> words) throws WrongExpressionException {
    List<String> rest = words.subList(isFormat(words) ? 1 : 0, words.size());
    return Expression.value(command, String.join(" ", rest), subject::register);
  }

  private String run(String command, List<String> words, LongToIntFunction memory) {
    try {
      NumberFormat format = format(words);
      return dump(value(command, words), format, memory);
    } catch (WrongFormatException | WrongExpressionException e) {
      return MonitorCommands.misused(command, e.getMessage());
    }
  }

  private static String dump(long start, NumberFormat format, LongToIntFunction memory) {
    var text = new StringBuilder();
    for (long done = 0; done < format.bytes(); done += format.line()) {
      text.append("%016x:".formatted(start + done));
      int length = (int) Math.min(format.line(), format.bytes() - done);
      var bytes = new int[length];
      for (int index = 0; index < length; index++) {
        bytes[index] = memory.applyAsInt(start + done + index);
        if (bytes[index] < 0) {
          return text.append(" Cannot access memory\n").toString();
        }
      }
      for (int at = 0; at < length; at += format.unit()) {
        long value = 0;
        for (int part = 0; part < format.unit(); part++) {
          value |= (long) bytes[at + part] << (8 * part);
        }
        text.append(' ').append(format.shown(value));
      }
      text.append('\n');
    }
    return text.toString();
  }
}
