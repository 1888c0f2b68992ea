// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.graph.DriverRegistry;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A script that teaches bash the command lines: tables made here, and the functions of {@code
 * completion.bash} that look things up in them. They name a command as {@code TOOL COMMAND}, the
 * tool itself as {@code TOOL} and a space.
 */
final class BashCompletion {
  private final DriverRegistry drivers;
  private final StringBuilder commands = new StringBuilder();
  private final StringBuilder flags = new StringBuilder();
  private final StringBuilder arguments = new StringBuilder();
  private final StringBuilder operands = new StringBuilder();
  private final Set<String> argumentNames = new LinkedHashSet<>();
  private final StringBuilder words = new StringBuilder();
  private final StringBuilder formats = new StringBuilder();
  private final StringBuilder shortNames = new StringBuilder();

  private BashCompletion(DriverRegistry drivers) {
    this.drivers = drivers;
  }

  /** The script for these tools. */
  static String of(List<ToolDescription> tools) {
    return new BashCompletion(DriverRegistry.load()).write(tools);
  }

  private String write(List<ToolDescription> tools) {
    var programs = new StringBuilder();
    for (ToolDescription tool : tools) {
      programs.append(' ').append(tool.name());
      line(commands, tool.name(), String.join(" ", tool.commands()));
      if (tool.shortName() != null) {
        line(shortNames, tool.shortName(), tool.name());
      }
      table(tool, tool.name() + " ", tool.options());
      for (String name : tool.commands()) {
        Subcommand command = tool.command(name);
        if (command != null) {
          table(tool, tool.name() + " " + name, command.options());
        }
      }
    }
    return "# bash completion for Strata's tools; made by 'strata completion bash'.\n\n"
        + function("_strata_tool", "$1", shortNames)
        + function("_strata_commands", "$1", commands)
        + function("_strata_flags", "$1", flags)
        + function("_strata_argument", "$1 $2", arguments)
        + function("_strata_operands", "$1", operands)
        + function("_strata_words", "$1", words)
        + function("_strata_format_flags", "$1", formats)
        + ImageOptionWords.functions(drivers)
        + "\n"
        + Script.read("completion.bash")
        + "\ncomplete -F _strata"
        + programs
        + "\n";
  }

  private void table(ToolDescription tool, String key, OptionTable table) {
    var all = new ArrayList<String>();
    for (OptionTable.Entry entry : table.entries()) {
      String argument = entry.argument();
      if (entry.longName() != null) {
        // The equals sign shows that a word follows; -x's argument stands apart.
        all.add(entry.longName() + (argument == null ? "" : "="));
      }
      if (entry.letter() != null) {
        all.add(entry.letter());
      }
      if (argument != null) {
        String kind = kind(tool, argument);
        if (entry.letter() != null) {
          line(arguments, key + " " + entry.letter(), kind);
        }
        if (entry.longName() != null) {
          line(arguments, key + " " + entry.longName(), kind);
        }
      }
    }
    line(flags, key, String.join(" ", all));
    var assignments = new ArrayList<String>();
    for (String operand : table.operands()) {
      String prefix = Argument.prefix(operand);
      if (!prefix.isEmpty()) {
        assignments.add(prefix);
        line(arguments, key + " " + prefix, kind(tool, operand));
      } else if (Argument.isFile(operand)) {
        assignments.addFirst("FILE");
      } else {
        assignments.addAll(Argument.words(tool, operand, drivers));
      }
    }
    line(operands, key, String.join(" ", new LinkedHashSet<>(assignments)));
    String option = formatOption(table);
    if (!option.isEmpty()) {
      line(formats, key, option);
    }
  }

  /** What {@code _strata_argument} answers: FILE, OPTIONS, ANY or a name that has words. */
  private String kind(ToolDescription tool, String argument) {
    String plain = Argument.plain(argument);
    if (Argument.isFile(argument)) {
      return "FILE";
    }
    if (plain.equals(Argument.OPTIONS)) {
      return plain;
    }
    List<String> all = Argument.words(tool, argument, drivers);
    if (all.isEmpty()) {
      return "ANY";
    }
    if (argumentNames.add(plain)) {
      line(words, plain, String.join(" ", all));
    }
    return plain;
  }

  /** The options that tell whose options {@code -o} takes. */
  static String formatOption(OptionTable table) {
    String found = "";
    for (OptionTable.Entry entry : table.entries()) {
      if (entry.key() == 'O' || (entry.key() == 'f' && found.isEmpty())) {
        found = "-" + (char) entry.key() + (entry.name() == null ? "" : " --" + entry.name());
      }
    }
    return found;
  }

  private static void line(StringBuilder table, String key, String value) {
    table.append("    '").append(key).append("') REPLY='").append(value).append("' ;;\n");
  }

  private static String function(String name, String key, StringBuilder table) {
    return name + "() {\n  case \"" + key + "\" in\n" + table + "    *) REPLY= ;;\n  esac\n}\n\n";
  }
}
