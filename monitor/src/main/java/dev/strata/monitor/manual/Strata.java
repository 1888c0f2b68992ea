// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.BlockException;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The program {@code strata}, as far as it is no tool: its help, the manual and the completion of
 * all tools. The tools are services, so that none of this knows them.
 */
public final class Strata implements ToolDescription {
  private final List<ToolDescription> tools = new ArrayList<>();

  private Strata() {}

  /** With all tools that there are. */
  static Strata load() {
    // Not in the module's descriptor: starting one tool would then resolve the modules of all.
    Strata.class.getModule().addUses(ToolDescription.class);
    var strata = new Strata();
    for (ToolDescription tool : ServiceLoader.load(ToolDescription.class)) {
      strata.tools.add(tool);
    }
    strata.tools.sort(Comparator.comparing(ToolDescription::name));
    return strata;
  }

  /** Runs the program. */
  public static void main(String[] arguments) {
    Runtime.getRuntime().halt(run(arguments, Terminal.standard("strata")));
  }

  /**
   * Runs the program within this process; may be called again.
   *
   * @return the exit code
   */
  public static int run(String[] arguments, Terminal terminal) {
    try {
      return load().run(Arrays.asList(arguments), terminal);
    } catch (BlockException e) {
      terminal.error(e);
      return 1;
    } finally {
      terminal.flush();
    }
  }

  private int run(List<String> words, Terminal terminal) throws BlockException {
    ParseResult given = parse(CommandModel.ofTool("strata", this), words, terminal);
    if (given == null) {
      return 1;
    }
    if (given.isUsageHelpRequested()) {
      terminal.out().print(HelpPage.ofTool("strata", this));
      return 0;
    }
    if (given.isVersionHelpRequested()) {
      terminal.out().print(version());
      return 0;
    }
    String name = given.matchedPositionalValue(0, "");
    Subcommand command = command(name);
    if (command == null) {
      terminal.usage("Command not found: " + name);
      return 1;
    }
    return command.run(given.matchedPositionalValue(1, List.of()), terminal);
  }

  /** Reads a command line, or tells what is wrong with it and answers null. */
  static @Nullable ParseResult parse(CommandModel model, List<String> words, Terminal terminal) {
    try {
      return model.parse(words);
    } catch (ParameterException e) {
      terminal.usage(String.valueOf(e.getMessage()));
      return null;
    }
  }

  /** As {@link #parse}, of one of the commands here; help that is asked for is printed. */
  static @Nullable ParseResult parse(
      String name, Subcommand command, List<String> words, Terminal terminal) {
    CommandModel model = CommandModel.ofCommand("strata", name, command);
    ParseResult given = parse(model, words, terminal);
    if (given != null && given.isUsageHelpRequested()) {
      terminal.out().print(model.help());
    }
    return given;
  }

  /** The tools and this program, by name. */
  List<ToolDescription> pages() {
    var all = new ArrayList<>(tools);
    all.add(this);
    return all;
  }

  @Override
  public String name() {
    return "strata";
  }

  @Override
  public @Nullable String shortName() {
    return null;
  }

  @Override
  public String version() {
    return "Strata 0.1\n";
  }

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('V', "version", null, "show the version and end")
        .operand("COMMAND")
        .operand("[ARGUMENT]...");
  }

  @Override
  public Description describe() {
    var text = new StringBuilder();
    for (ToolDescription tool : tools) {
      text.append("'strata ").append(tool.shortName()).append("' is ").append(tool.name());
      text.append(": it ").append(tool.describe().summary()).append(".\n\n");
    }
    return Description.of(
        "works on disk images",
        text + "Each tool is also a program of its own, which takes the same arguments.",
        "strata img info disk.qcow2",
        "the same as 'qemu-img info disk.qcow2'");
  }

  @Override
  public List<String> commands() {
    var names = new ArrayList<String>();
    for (ToolDescription tool : tools) {
      names.add(String.valueOf(tool.shortName()));
    }
    names.add("man");
    names.add("completion");
    names.add("tour");
    return names;
  }

  @Override
  public @Nullable Subcommand command(String name) {
    return switch (name) {
      case "man" -> new ManCommand(this);
      case "completion" -> new CompletionCommand(this);
      case "tour" -> new TourCommand();
      default -> null;
    };
  }

  @Override
  public List<String> words(String argument) {
    if (!argument.equals("PAGE")) {
      return List.of();
    }
    var names = new ArrayList<String>();
    for (ToolDescription page : pages()) {
      names.add(page.name());
    }
    return names;
  }
}
