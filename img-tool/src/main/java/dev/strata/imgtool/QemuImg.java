// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool;

import dev.strata.block.BlockException;
import dev.strata.block.posix.Posix;
import dev.strata.imgtool.command.Commands;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.commandline.Training;
import dev.strata.monitor.manual.HelpPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The program {@code qemu-img}: creates, inspects, converts and changes disk images. */
public final class QemuImg {
  static final String VERSION =
      "qemu-img version 7.2.22 (Strata 0.1)\nStrata: a disk image toolkit on the JVM\n";

  private QemuImg() {}

  /** Runs the program. */
  public static void main(String[] arguments) throws IOException {
    Path training = Training.commandLines();
    if (training != null) {
      Training.run(training, QemuImg::run);
      return;
    }
    // Not System.exit: there is nothing to shut down, and idle threads shall not delay the end.
    Posix.exit(run(arguments));
  }

  /**
   * Runs the program within this process, with its standard streams; may be called again.
   *
   * @return the exit code
   */
  public static int run(String[] arguments) {
    return run(arguments, Terminal.standard(System.getProperty("strata.program", "qemu-img")));
  }

  /**
   * Runs the program within this process; may be called again.
   *
   * @param terminal for output and messages
   * @return the exit code
   */
  public static int run(String[] arguments, Terminal terminal) {
    try {
      return run(Arrays.asList(arguments), terminal);
    } catch (BlockException e) {
      terminal.error(e);
      return 1;
    } catch (OutOfMemoryError e) {
      terminal.error("Out of memory: " + e.getMessage());
      return 1;
    } finally {
      terminal.flush();
    }
  }

  private static int run(List<String> words, Terminal terminal) throws BlockException {
    Integer early = standardOptions(words, terminal);
    if (early != null) {
      return early;
    }
    int at = 0;
    while (at < words.size() && words.get(at).startsWith("-")) {
      boolean apart = words.get(at).equals("-T") || words.get(at).equals("--trace");
      at += apart ? 2 : 1;
    }
    if (at >= words.size()) {
      terminal.usage("Not enough arguments");
      return 1;
    }
    String name = words.get(at);
    Subcommand command = Commands.find(name);
    if (command == null) {
      terminal.usage("Command not found: " + name);
      return 1;
    }
    List<String> rest = words.subList(at + 1, words.size());
    if (asksForHelp(command, rest)) {
      terminal.out().print(HelpPage.ofCommand(terminal.program(), name, command));
      return 0;
    }
    Posix.linkInBackground();
    return command.run(rest, terminal);
  }

  /** Whether an option asks for help, be it joined with others or shortened. */
  private static boolean asksForHelp(Subcommand command, List<String> words) {
    boolean possible = false;
    for (String word : words) {
      possible |= word.startsWith("-") && word.indexOf('h') > 0;
    }
    if (!possible) {
      return false;
    }
    GetOpt reader = command.options().read("", words, message -> {});
    for (int option = reader.next(); option != GetOpt.END; option = reader.next()) {
      if (option == 'h' || option == GetOpt.ERROR) {
        return option == 'h';
      }
    }
    return false;
  }

  static OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('V', "version", null, "show the version and end")
        .with('T', "trace", "PATTERN", "choose events to trace: none are built in")
        .operand("COMMAND")
        .operand("[ARGUMENT]...");
  }

  /** What comes before the command; an exit code if that is all. */
  private static @Nullable Integer standardOptions(List<String> words, Terminal terminal) {
    int end = 0;
    while (end < words.size() && words.get(end).startsWith("-")) {
      end += words.get(end).equals("-T") || words.get(end).equals("--trace") ? 2 : 1;
    }
    List<String> own = words.subList(0, Math.min(end, words.size()));
    GetOpt reader = options().read(terminal.program(), own, message -> {});
    for (int option = reader.next(); option != GetOpt.END; option = reader.next()) {
      switch (option) {
        case 'h' -> {
          terminal.out().print(HelpPage.ofTool(terminal.program(), new ImgDescription()));
          terminal.out().print("\n" + HelpPage.supportedFormats());
          return 0;
        }
        case 'V' -> {
          terminal.out().print(VERSION);
          return 0;
        }
        case 'T' -> {
          terminal.error("there are no trace events: '" + reader.argument() + "'");
          return 1;
        }
        default -> {
          String word = reader.lastWord();
          // Of an option that has an argument, nothing else can be wrong.
          boolean missing = word.equals("-T") || word.equals("--trace");
          terminal.usage(
              (missing ? "missing argument for" : "unrecognized") + " option '" + word + "'");
          return 1;
        }
      }
    }
    return null;
  }
}
