// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What can be said to a monitor. */
public final class MonitorCommands {
  private static final int MOST_UNITS = 1 << 16;

  /** What the monitor is about. Called on any thread. */
  public interface Subject {
    /** Ends the machine. */
    void quit();

    /** Lets no more time pass for the guest. */
    void stop();

    /** Lets it pass again. */
    void resume();

    /** The reset button. */
    void reset();

    /** The power button. */
    void powerDown();

    /** Whether time passes, in the reference's words. */
    String status();

    /** What the machine is called, in a line, or nothing. */
    String name();

    /** The machine's UUID, in a line. */
    String uuid();

    /** The processor's registers, in lines. */
    String registers();

    /** The drives, in lines. */
    String blockDevices();

    /** A byte of physical memory, 0 to 255. */
    int physicalByte(long address);

    /** Keys are pressed and let go. */
    void type(List<Key> keys, int holdMillis);

    /** What the screen shows now, or null if there is none. */
    @Nullable Picture screen();
  }

  /** A command's answer: lines with their ends, or nothing. */
  private interface Command {
    String run(List<String> words);
  }

  private record Entry(String usage, String help, Command command) {}

  private final Map<String, Entry> commands = new TreeMap<>();
  private final Map<String, Entry> topics = new TreeMap<>();
  private final Subject subject;

  /** Commands about a machine. */
  public MonitorCommands(Subject subject) {
    this.subject = subject;
    add("help", "help|? [cmd]", "show the help", this::help, "?");
    add("info", "info [subcommand]", "show various information about the system state", this::info);
    add("quit", "quit|q ", "quit the emulator", words -> done(subject::quit), "q");
    add("stop", "stop|s ", "stop emulation", words -> done(subject::stop), "s");
    add("cont", "cont|c ", "resume emulation", words -> done(subject::resume), "c");
    add("system_reset", "system_reset ", "reset the system", words -> done(subject::reset));
    add(
        "system_powerdown",
        "system_powerdown ",
        "send system power down event",
        words -> done(subject::powerDown));
    add("sendkey", SendKey.USAGE, SendKey.HELP, new SendKey(subject)::run);
    add("screendump", ScreenDump.USAGE, ScreenDump.HELP, new ScreenDump(subject)::run);
    add("xp", "xp /fmt addr", "physical memory dump starting at 'addr'", this::dump);
    topic("status", "show the current VM status (running|paused)", subject::status);
    topic("name", "show the current VM name", subject::name);
    topic("uuid", "show the current VM UUID", subject::uuid);
    topic("version", "show the version of QEMU", () -> "7.2.22 (Strata 0.1)\n");
    topic("registers", "show the cpu registers", subject::registers);
    topic("block", "show info of one block device or all block devices", subject::blockDevices);
  }

  private void add(String name, String usage, String help, Command command, String... others) {
    var entry = new Entry(usage, help, command);
    commands.put(name, entry);
    for (String other : others) {
      commands.put(other, entry);
    }
  }

  private void topic(String name, String help, java.util.function.Supplier<String> answer) {
    topics.put(name, new Entry("info " + name + " ", help, words -> answer.get()));
  }

  private static String done(Runnable action) {
    action.run();
    return "";
  }

  /** Runs a line: its answer, in lines with their ends. */
  public String run(String line) {
    List<String> words = Arrays.stream(line.strip().split("\\s+", -1)).toList();
    String name = words.getFirst();
    if (name.isEmpty()) {
      return "";
    }
    // The format of a dump may stand right behind the command.
    int slash = name.indexOf('/');
    if (slash > 0) {
      return run(name.substring(0, slash) + " " + line.strip().substring(slash));
    }
    Entry entry = commands.get(name);
    if (entry == null) {
      return "unknown command: '" + name + "'\n";
    }
    return entry.command.run(words.subList(1, words.size()));
  }

  private String help(List<String> words) {
    if (words.isEmpty()) {
      return list(commands);
    }
    if (words.getFirst().equals("info")) {
      return list(topics);
    }
    Entry entry = commands.get(words.getFirst());
    return entry == null ? "unknown command: '" + words.getFirst() + "'\n" : line(entry);
  }

  private static String list(Map<String, Entry> entries) {
    var text = new StringBuilder();
    entries.values().stream().distinct().forEach(entry -> text.append(line(entry)));
    return text.toString();
  }

  private static String line(Entry entry) {
    return entry.usage + " -- " + entry.help + "\n";
  }

  private String info(List<String> words) {
    if (words.isEmpty()) {
      return list(topics);
    }
    Entry entry = topics.get(words.getFirst());
    return entry == null
        ? "unknown command: 'info " + words.getFirst() + "'\n"
        : entry.command.run(words.subList(1, words.size()));
  }

  // --- memory ---

  /** {@code xp [/COUNT FORMAT SIZE] ADDRESS}: 16 bytes a line. */
  private String dump(List<String> words) {
    int count = 1;
    char format = 'x';
    int size = 4;
    int at = 0;
    if (!words.isEmpty() && words.getFirst().startsWith("/")) {
      String how = words.getFirst().substring(1);
      int digits = 0;
      while (digits < how.length() && Character.isDigit(how.charAt(digits))) {
        digits++;
      }
      if (digits > 6) {
        return "xp: at most " + MOST_UNITS + " units\n";
      }
      count = digits == 0 ? 1 : Integer.parseInt(how.substring(0, digits));
      for (char letter : how.substring(digits).toCharArray()) {
        switch (letter) {
          case 'x', 'd', 'u', 'o', 'c' -> format = letter;
          case 'b' -> size = 1;
          case 'h' -> size = 2;
          case 'w' -> size = 4;
          case 'g' -> size = 8;
          default -> {
            return "invalid char in format: '" + letter + "'\n";
          }
        }
      }
      at = 1;
    }
    if (words.size() != at + 1) {
      return "xp: address expected\n";
    }
    long address;
    try {
      address = Long.decode(words.get(at));
    } catch (NumberFormatException e) {
      return "invalid char '" + words.get(at).charAt(0) + "' in expression\n";
    }
    return dump(address, Math.min(count, MOST_UNITS), format, format == 'c' ? 1 : size);
  }

  private String dump(long start, int count, char format, int size) {
    var text = new StringBuilder();
    int perLine = format == 'c' ? 8 : 16 / size;
    for (int index = 0; index < count; index++) {
      long address = start + (long) index * size;
      if (index % perLine == 0) {
        text.append(index == 0 ? "" : "\n").append(String.format("%016x:", address));
      }
      long value = 0;
      for (int part = 0; part < size; part++) {
        value |= (long) subject.physicalByte(address + part) << (8 * part);
      }
      text.append(' ').append(shown(value, format, size));
    }
    return text.append(count == 0 ? "" : "\n").toString();
  }

  private static String shown(long value, char format, int size) {
    int unused = 64 - 8 * size;
    return switch (format) {
      case 'd' -> String.valueOf(value << unused >> unused);
      case 'u' -> Long.toUnsignedString(value);
      case 'o' -> "0" + Long.toOctalString(value);
      case 'c' ->
          value >= ' ' && value < 0x7f ? "'" + (char) value + "'" : "'\\x%02x'".formatted(value);
      default -> "0x" + ("%0" + 2 * size + "x").formatted(value);
    };
  }
}
