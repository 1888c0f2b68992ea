// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.graph.DriverRegistry;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A script that teaches zsh the command lines: a function for each tool and each command. */
final class ZshCompletion {
  private final DriverRegistry drivers;
  private final StringBuilder script = new StringBuilder();

  private ZshCompletion(DriverRegistry drivers) {
    this.drivers = drivers;
  }

  /** The script for these tools. */
  static String of(List<ToolDescription> tools) {
    return new ZshCompletion(DriverRegistry.load()).write(tools);
  }

  private String write(List<ToolDescription> tools) {
    script.append("#compdef");
    for (ToolDescription tool : tools) {
      script.append(' ').append(tool.name());
    }
    script.append("\n# zsh completion for Strata's tools; made by 'strata completion zsh'.\n\n");
    script.append(ImageOptionWords.functions(drivers)).append('\n');
    script.append(Script.read("completion.zsh")).append('\n');
    for (ToolDescription tool : tools) {
      for (String name : tool.commands()) {
        Subcommand command = tool.command(name);
        if (command != null) {
          script.append(function(tool.name() + "_" + name)).append(" {\n  _arguments -s -S");
          arguments(tool, name, command.options());
          script.append("\n}\n\n");
        }
      }
      tool(tool, tools);
    }
    script.append("_strata_start \"$@\"\n");
    return script.toString();
  }

  private static String function(String name) {
    return "_strata_of_" + name + "()";
  }

  private void tool(ToolDescription tool, List<ToolDescription> tools) {
    script.append(function(tool.name())).append(" {\n");
    if (tool.commands().isEmpty()) {
      script.append("  _arguments -s -S");
      arguments(tool, "", tool.options());
      script.append("\n}\n\n");
      return;
    }
    script.append("  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n");
    script.append("  _arguments -C -S");
    options(tool, "", tool.options());
    script.append(" \\\n    '1:command:->command' '*::argument:->argument'\n");
    script.append("  case $state in\n    command)\n      local -a commands=(\n");
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      String summary = command == null ? summary(name, tools) : command.describe().summary();
      script.append("        ").append(quoted(name + ":" + summary)).append('\n');
    }
    script.append("      )\n      _describe command commands\n      ;;\n    argument)\n");
    script.append("      case $words[1] in\n");
    for (String name : tool.commands()) {
      String target =
          tool.command(name) == null ? programOf(name, tools) : tool.name() + "_" + name;
      script.append("        ").append(name).append(") _strata_of_").append(target);
      script.append(" ;;\n");
    }
    script.append("      esac\n      ;;\n  esac\n}\n\n");
  }

  private static @Nullable String programOf(String shortName, List<ToolDescription> tools) {
    for (ToolDescription tool : tools) {
      if (shortName.equals(tool.shortName())) {
        return tool.name();
      }
    }
    return null;
  }

  private static String summary(String shortName, List<ToolDescription> tools) {
    return "runs " + programOf(shortName, tools);
  }

  private void arguments(ToolDescription tool, String command, OptionTable table) {
    options(tool, command, table);
    var assignments = new ArrayList<String>();
    var words = new LinkedHashSet<String>();
    boolean file = false;
    for (String operand : table.operands()) {
      String prefix = Argument.prefix(operand);
      if (!prefix.isEmpty()) {
        assignments.add(prefix + (Argument.isFile(operand) ? "FILE" : ""));
      } else if (Argument.isFile(operand)) {
        file = true;
      } else {
        words.addAll(Argument.words(tool, operand, drivers));
      }
    }
    if (!assignments.isEmpty()) {
      specification("*:operand: _strata_assignments " + String.join(" ", assignments));
    } else if (file) {
      specification("*:file:_files");
    } else if (!words.isEmpty()) {
      specification("1:word:(" + String.join(" ", words) + ")");
    }
  }

  private void options(ToolDescription tool, String command, OptionTable table) {
    for (OptionTable.Entry entry : table.entries()) {
      String letter = entry.letter();
      String name = entry.longName();
      String help = "[" + escaped(entry.help()) + "]";
      String argument = entry.argument();
      String action = argument == null ? "" : action(tool, command, argument, table);
      // Options like -c or -o of which each counts may stand again.
      String again = argument == null ? "" : "*";
      String exclusion =
          letter == null || name == null || argument != null ? "" : "(" + letter + " " + name + ")";
      if (letter != null) {
        specification(exclusion + again + letter + (argument == null ? "" : "+") + help + action);
      }
      if (name != null) {
        specification(exclusion + again + name + (argument == null ? "" : "=") + help + action);
      }
    }
  }

  private String action(ToolDescription tool, String command, String argument, OptionTable table) {
    String plain = Argument.plain(argument);
    String message = ":" + escaped(plain) + ":";
    if (Argument.isFile(argument)) {
      return message + "_files";
    }
    if (plain.equals(Argument.OPTIONS)) {
      String kind = command.equals("amend") ? "amend" : "create";
      // A blank in front: without it the function gets the arguments of compadd first.
      return message + " _strata_list " + kind + " " + BashCompletion.formatOption(table);
    }
    List<String> words = Argument.words(tool, argument, drivers);
    return message + (words.isEmpty() ? "" : "(" + String.join(" ", words) + ")");
  }

  private void specification(String text) {
    script.append(" \\\n    ").append(quoted(text));
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace(":", "\\:").replace("[", "\\[").replace("]", "\\]");
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
