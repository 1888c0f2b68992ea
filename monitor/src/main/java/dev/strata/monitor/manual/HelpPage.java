// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;

/** What {@code --help} prints. */
public final class HelpPage {
  private static final int WIDTH = 80;
  private static final int HELP_COLUMN = 32;

  private final StringBuilder text = new StringBuilder();

  private HelpPage() {}

  /** The help about one command of a program. */
  public static String ofCommand(String program, String name, Subcommand command) {
    var page = new HelpPage();
    page.usage(program + " " + name, command.options());
    page.description(command.describe());
    page.options(command.options());
    page.examples(command.describe());
    return page.text.toString();
  }

  /**
   * The help about a program.
   *
   * @param program what it is called by
   */
  public static String ofTool(String program, ToolDescription tool) {
    var page = new HelpPage();
    page.text.append(tool.version());
    page.usage(program, tool.options());
    page.description(tool.describe());
    page.options(tool.options());
    if (!tool.commands().isEmpty()) {
      page.commands(program, tool);
    }
    page.examples(tool.describe());
    return page.text.toString();
  }

  /** The line with the names of all drivers, which scripts read. */
  public static String supportedFormats() {
    var line = new StringBuilder("Supported formats:");
    for (BlockDriverFactory driver : DriverRegistry.load().all()) {
      line.append(' ').append(driver.name());
    }
    return line.append('\n').toString();
  }

  private void usage(String command, OptionTable table) {
    text.append("usage: ").append(command).append(" [OPTION]...");
    for (String operand : table.operands()) {
      text.append(' ').append(operand);
    }
    text.append('\n');
  }

  private void description(Description description) {
    String summary = description.summary();
    text.append(Character.toUpperCase(summary.charAt(0))).append(summary, 1, summary.length());
    text.append(".\n");
    for (String paragraph : description.paragraphs()) {
      text.append('\n');
      wrapped(paragraph, 0);
    }
  }

  private void options(OptionTable table) {
    text.append('\n');
    for (OptionTable.Entry entry : table.entries()) {
      int start = text.length();
      text.append("  ").append(entry.letter() == null ? "    " : "");
      text.append(Synopsis.names(entry));
      if (text.length() - start > HELP_COLUMN - 2) {
        text.append('\n');
        start = text.length();
      }
      text.repeat(' ', HELP_COLUMN - (text.length() - start));
      wrapped(entry.help(), HELP_COLUMN);
    }
  }

  private void commands(String program, ToolDescription tool) {
    text.append("\nCommands:\n");
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      if (command != null) {
        text.append("  ").append(name).repeat(' ', Math.max(1, 12 - name.length()));
        text.append(command.describe().summary()).append('\n');
      }
    }
    text.append("\nCommand syntax:\n");
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
  }

  private void examples(Description description) {
    if (description.examples().isEmpty()) {
      return;
    }
    text.append("\nExamples:\n");
    for (Description.Example example : description.examples()) {
      text.append("  ").append(example.command()).append("\n      ");
      wrapped(example.effect(), 6);
    }
  }

  /** Words that do not fit begin a new line at {@code indent}; the first is there already. */
  private void wrapped(String words, int indent) {
    int column = indent;
    for (String word : words.split(" ")) {
      if (column > indent && column + 1 + word.length() > WIDTH) {
        text.append('\n').repeat(' ', indent);
        column = indent;
      } else if (column > indent) {
        text.append(' ');
        column++;
      }
      text.append(word);
      column += word.length();
    }
    text.append('\n');
  }
}
