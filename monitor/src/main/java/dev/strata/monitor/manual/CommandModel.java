// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * A command line as picocli knows it, made from what the tools say of themselves: it lays out the
 * help, and reads the command line of {@code strata}. The tools' own command lines are read by
 * {@link dev.strata.monitor.commandline.GetOpt}, whose grammar and messages are not picocli's; so
 * that no command but help has to load its classes.
 */
final class CommandModel {
  private static final int WIDTH = 80;
  private static final int NAMES_WIDTH = 30;
  private static final String SYNTAX = "syntax";
  private static final String EXAMPLES = "examples";

  private final CommandSpec spec;

  private CommandModel(String program, OptionTable table, Description description) {
    spec = CommandSpec.create().name(program);
    spec.interpolateVariables(false);
    int order = 0;
    for (OptionTable.Entry entry : table.entries()) {
      spec.addOption(option(entry, order++));
    }
    int index = 0;
    for (String operand : table.operands()) {
      spec.addPositional(positional(operand, index++));
    }
    describe(description);
  }

  /** One command of a program. */
  static CommandModel ofCommand(String program, String name, Subcommand command) {
    return new CommandModel(program + " " + name, command.options(), command.describe());
  }

  /**
   * A program.
   *
   * @param program what it is called by
   */
  static CommandModel ofTool(String program, ToolDescription tool) {
    var model = new CommandModel(program, tool.options(), tool.describe());
    model.spec.usageMessage().header(escaped(tool.version().stripTrailing()).split("\n"));
    model.addCommands(program, tool);
    return model;
  }

  private static OptionSpec option(OptionTable.Entry entry, int order) {
    var names = new ArrayList<String>();
    if (entry.letter() != null) {
      names.add(entry.letter());
    }
    if (entry.longName() != null) {
      names.add(entry.longName());
    }
    OptionSpec.Builder option =
        OptionSpec.builder(names.toArray(new String[0]))
            .order(order)
            .description(entry.help()) // unlike other texts, no format
            .hideParamSyntax(true);
    if (entry.argument() == null) {
      option.arity("0").type(boolean.class).usageHelp("--help".equals(entry.longName()));
      return option.versionHelp("--version".equals(entry.longName())).build();
    }
    // A letter's argument is a word of its own or follows at once: '-f=raw' would mean '=raw'.
    String separator = entry.longName() == null ? "" : "=";
    return option.arity("1").type(String.class).paramLabel(separator + entry.argument()).build();
  }

  private static PositionalParamSpec positional(String operand, int index) {
    boolean several = operand.endsWith("...");
    boolean optional = operand.startsWith("[") && operand.lastIndexOf(']') > operand.length() - 5;
    PositionalParamSpec.Builder parameter =
        PositionalParamSpec.builder()
            .index(several ? index + "..*" : String.valueOf(index))
            .required(!optional)
            .arity((optional ? "0.." : "1..") + (several ? "*" : "1"))
            .paramLabel(operand)
            .hideParamSyntax(true);
    return several
        ? parameter.type(List.class).auxiliaryTypes(String.class).build()
        : parameter.type(String.class).build();
  }

  private void describe(Description description) {
    String summary = description.summary();
    var lines = new ArrayList<String>();
    lines.add(Character.toUpperCase(summary.charAt(0)) + escaped(summary.substring(1)) + ".");
    for (String paragraph : description.paragraphs()) {
      lines.add("");
      lines.add(escaped(paragraph));
    }
    UsageMessageSpec usage = spec.usageMessage();
    usage.width(WIDTH).longOptionsMaxWidth(NAMES_WIDTH).sortOptions(false);
    usage.synopsisHeading("usage: ").abbreviateSynopsis(true).synopsisSubcommandLabel("");
    usage.description(lines.toArray(new String[0])).optionListHeading("%n");
    // Where there are commands, an empty label of them is left behind the operands.
    usage
        .sectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_SYNOPSIS,
            help -> help.synopsis(help.synopsisHeadingLength()).stripTrailing() + "\n");
    usage.sectionMap().put(EXAMPLES, help -> examples(description));
    sections(usage, EXAMPLES);
  }

  private void addCommands(String program, ToolDescription tool) {
    if (tool.commands().isEmpty()) {
      return;
    }
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      if (command != null) {
        CommandSpec listed = CommandSpec.create();
        listed.usageMessage().description(escaped(command.describe().summary()));
        spec.addSubcommand(name, listed);
      }
    }
    UsageMessageSpec usage = spec.usageMessage().commandListHeading("%nCommands:%n");
    usage.sectionMap().put(SYNTAX, help -> syntax(program, tool));
    sections(usage, SYNTAX, EXAMPLES);
  }

  private static void sections(UsageMessageSpec usage, String... last) {
    var keys =
        new ArrayList<>(
            List.of(
                UsageMessageSpec.SECTION_KEY_HEADER,
                UsageMessageSpec.SECTION_KEY_SYNOPSIS_HEADING,
                UsageMessageSpec.SECTION_KEY_SYNOPSIS,
                UsageMessageSpec.SECTION_KEY_DESCRIPTION,
                UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING,
                UsageMessageSpec.SECTION_KEY_OPTION_LIST,
                UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING,
                UsageMessageSpec.SECTION_KEY_COMMAND_LIST));
    keys.addAll(List.of(last));
    usage.sectionKeys(keys);
  }

  /** All options of each command on one line, where scripts look for them. */
  private static String syntax(String program, ToolDescription tool) {
    var text = new StringBuilder("\nCommand syntax:\n");
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      if (command != null) {
        text.append("  ").append(name);
        for (String word : Synopsis.of(command.options())) {
          text.append(' ').append(word);
        }
        text.append('\n');
      }
    }
    text.append("\n'").append(program).append(" COMMAND --help' explains a command.\n");
    return text.toString();
  }

  private static String examples(Description description) {
    if (description.examples().isEmpty()) {
      return "";
    }
    var text = new StringBuilder("\nExamples:\n");
    for (Description.Example example : description.examples()) {
      text.append("  ").append(example.command());
      text.append("\n      ").append(example.effect()).append('\n');
    }
    return text.toString();
  }

  /** The help, whole lines. */
  String help() {
    spec.parser().separator(""); // it is in the labels
    return new CommandLine(spec).getUsageMessage(Ansi.OFF);
  }

  /**
   * Reads a command line by this model; from the first operand on all words are operands if there
   * are commands.
   *
   * @throws ParameterException if it is wrong; its message is for the user
   */
  ParseResult parse(List<String> words) {
    boolean commands = !spec.subcommands().isEmpty();
    for (String name : List.copyOf(spec.subcommands().keySet())) {
      spec.removeSubcommand(name); // reads its words itself
    }
    return new CommandLine(spec)
        .setStopAtPositional(commands)
        .setOverwrittenOptionsAllowed(true)
        .setAbbreviatedOptionsAllowed(true)
        .setExpandAtFiles(false)
        .parseArgs(words.toArray(new String[0]));
  }

  /** What picocli would take for a format. */
  private static String escaped(String text) {
    return text.replace("%", "%%");
  }
}
