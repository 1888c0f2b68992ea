// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import static java.util.Objects.requireNonNull;

import dev.strata.block.BlockException;
import dev.strata.block.posix.Posix;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.commandline.Training;
import dev.strata.monitor.manual.HelpPage;
import dev.strata.system.CommandLine.Answer;
import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.log.EventLog;
import dev.strata.system.log.LogChoice;
import dev.strata.system.memory.GuestMemoryShortage;
import dev.strata.system.qmp.MachineCommands;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;

/** The programs {@code qemu-system-x86_64} and {@code qemu-system-i386}: run a machine. */
public final class QemuSystem {
  private static final String PREFIX = "qemu-system-";
  private static final List<String> MACHINES = List.of("pc", "pc-i440fx-7.2");

  private QemuSystem() {}

  /** Runs the program. */
  public static void main(String[] arguments) throws IOException {
    var terminal = Terminal.standard(System.getProperty("strata.program", "qemu-system-x86_64"));
    Path training = Training.commandLines();
    if (training != null) {
      Training.run(training, words -> run(Arrays.asList(words), terminal));
      terminal.flush();
      return;
    }
    int code = run(Arrays.asList(arguments), terminal);
    terminal.flush();
    Posix.exit(code);
  }

  /**
   * Runs a machine within this process, until it ends.
   *
   * @return the exit code
   */
  public static int run(List<String> words, Terminal terminal) {
    try {
      CommandLine line = CommandLine.parse(words);
      Answer answer = line.answer;
      Architecture architecture = architecture(terminal.program());
      if (answer != null) {
        return answer(answer, line, architecture, terminal);
      }
      return run(line, architecture, terminal);
    } catch (BlockException e) {
      terminal.error(e);
      return 1;
    } catch (GuestMemoryShortage e) {
      terminal.error(String.valueOf(e.getMessage()));
      return 1;
    } catch (OutOfMemoryError e) {
      terminal.error("Out of memory: " + e.getMessage());
      return 1;
    }
  }

  /** That of the program's name, which may be the program for all architectures. */
  private static Architecture architecture(String program) {
    Architecture first = null;
    for (Architecture architecture : ServiceLoader.load(Architecture.class)) {
      if (program.equals(PREFIX + architecture.name())) {
        return architecture;
      }
      first = first == null ? architecture : first;
    }
    return requireNonNull(first, "no architecture");
  }

  /** The machines that there are. */
  static List<MachineCommands.Subject.Kind> kinds(Architecture architecture) {
    String processor = architecture.defaultModel() + "-" + architecture.name() + "-cpu";
    return List.of(
        new MachineCommands.Subject.Kind("none", null, null),
        new MachineCommands.Subject.Kind(MACHINES.getLast(), MACHINES.getFirst(), processor));
  }

  private static int answer(
      Answer answer, CommandLine line, Architecture architecture, Terminal terminal) {
    switch (answer) {
      case VERSION -> terminal.out().print(new SystemDescription().version());
      case MACHINES ->
          terminal
              .out()
              .print(
                  """
                  Supported machines are:
                  none                 empty machine
                  pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-7.2)
                  pc-i440fx-7.2        Standard PC (i440FX + PIIX, 1996) (default)
                  """);
      case PROCESSORS -> {
        terminal.out().print("Available CPUs:\n");
        for (CpuModel model : architecture.models()) {
          terminal.out().print("x86 " + model.name() + "\n");
        }
      }
      case DEVICES -> terminal.out().print(DeviceModel.list());
      case PROPERTIES -> terminal.out().print(requireNonNull(line.asked).help());
      case FORMATS -> terminal.out().print(HelpPage.supportedFormats());
      case HELP ->
          terminal.out().print(HelpPage.ofTool(terminal.program(), new SystemDescription()));
    }
    return 0;
  }

  private static int run(CommandLine line, Architecture architecture, Terminal terminal)
      throws BlockException {
    if (!line.isBare() && !MACHINES.contains(line.machine)) {
      throw CommandLine.error("unsupported machine type")
          .withHint("Use -machine help to list supported machines");
    }
    try (var log = new EventLog(System.err)) {
      String items = line.logItems;
      if (items != null) {
        log.choose(LogChoice.of(items));
      }
      if (line.logFile != null) {
        log.to(line.logFile);
      }
      return new Emulation(line, architecture, terminal, log).run();
    } catch (LogChoice.UnknownItemException e) {
      terminal.out().print(LogChoice.help());
      return 1;
    }
  }
}
