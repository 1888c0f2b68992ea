// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** A tool's manual page, in the language of man(7). */
final class ManPage {
  // Of the words below, not of a build: the same sources shall give the same pages.
  private static final String DATE = "2026-11-24";

  private static final int LINE = 80;

  private final StringBuilder page = new StringBuilder();

  private ManPage() {}

  /** The page of that tool. */
  static String of(ToolDescription tool, List<ToolDescription> all) {
    var page = new ManPage();
    page.write(tool, all);
    return page.page.toString();
  }

  private void write(ToolDescription tool, List<ToolDescription> all) {
    Description description = tool.describe();
    String title = escape(tool.name().toUpperCase(Locale.ROOT));
    page.append(".TH ").append(title).append(" 1 ").append(DATE);
    page.append(" \"Strata 0.1\" Strata\n");
    request("SH", "NAME");
    line(escape(tool.name()) + " \\- " + escape(description.summary()));
    request("SH", "SYNOPSIS");
    synopsis(tool.name(), Synopsis.of(tool.options()));
    request("SH", "DESCRIPTION");
    paragraphs(description);
    request("SH", "OPTIONS");
    options(tool.options());
    if (!tool.commands().isEmpty()) {
      request("SH", "COMMANDS");
    }
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      if (command != null) {
        request("SS", name);
        synopsis(tool.name() + " " + name, Synopsis.of(command.options()));
        command(command);
      }
    }
    for (ToolDescription.Topic topic : tool.topics()) {
      topic(topic);
    }
    arguments(tool);
    if (!description.examples().isEmpty()) {
      request("SH", "EXAMPLES");
      examples(description);
    }
    seeAlso(tool, all);
  }

  private void command(Subcommand command) {
    Description description = command.describe();
    String summary = description.summary();
    request("PP");
    prose(Character.toUpperCase(summary.charAt(0)) + summary.substring(1) + ".");
    for (String paragraph : description.paragraphs()) {
      request("PP");
      prose(paragraph);
    }
    options(command.options());
    if (!description.examples().isEmpty()) {
      request("PP");
      line(description.examples().size() == 1 ? "Example:" : "Examples:");
      examples(description);
    }
  }

  private void synopsis(String command, List<String> words) {
    var text = new StringBuilder("\\fB").append(escape(command)).append("\\fR");
    for (String word : words) {
      text.append(' ').append(marked(word));
    }
    line(text.toString());
  }

  private void paragraphs(Description description) {
    String separator = "";
    for (String paragraph : description.paragraphs()) {
      page.append(separator);
      prose(paragraph);
      separator = ".PP\n";
    }
  }

  private void options(OptionTable table) {
    for (OptionTable.Entry entry : table.entries()) {
      request("TP");
      line(marked(Synopsis.names(entry)));
      String help = entry.help();
      prose(Character.toUpperCase(help.charAt(0)) + help.substring(1) + ".");
    }
  }

  private void topic(ToolDescription.Topic topic) {
    request("SH", topic.title().toUpperCase(Locale.ROOT));
    for (ToolDescription.Topic.Item item : topic.items()) {
      request("TP");
      line("\\fB" + escape(item.term()) + "\\fR");
      request("nf");
      for (String text : item.text().split("\n")) {
        line(text.isBlank() ? "\\&" : escape(text));
      }
      request("fi");
    }
  }

  /** What the arguments are that the options above name. */
  private void arguments(ToolDescription tool) {
    var names = new TreeSet<String>();
    collect(tool.options(), names);
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      if (command != null) {
        collect(command.options(), names);
      }
    }
    var explained = new ArrayList<String>();
    for (String name : names) {
      String meaning = Argument.meaning(name);
      if (meaning != null) {
        explained.add(name);
        explained.add(meaning);
      }
    }
    if (!explained.isEmpty()) {
      request("SH", "ARGUMENTS");
    }
    for (int i = 0; i < explained.size(); i += 2) {
      request("TP");
      line("\\fI" + escape(explained.get(i)) + "\\fR");
      prose(explained.get(i + 1));
    }
  }

  private static void collect(OptionTable table, TreeSet<String> names) {
    for (OptionTable.Entry entry : table.entries()) {
      if (entry.argument() != null) {
        names.add(Argument.plain(entry.argument()));
      }
    }
    for (String operand : table.operands()) {
      names.add(Argument.plain(operand));
    }
  }

  private void examples(Description description) {
    for (Description.Example example : description.examples()) {
      request("TP");
      line("\\fB" + escape(example.command()) + "\\fR");
      String effect = example.effect();
      prose(Character.toUpperCase(effect.charAt(0)) + effect.substring(1) + ".");
    }
  }

  private void seeAlso(ToolDescription tool, List<ToolDescription> all) {
    var names = new ArrayList<String>();
    for (ToolDescription other : all) {
      if (other != tool) {
        names.add("\\fB" + escape(other.name()) + "\\fR(1)");
      }
    }
    if (!names.isEmpty()) {
      request("SH", "SEE ALSO");
      line(String.join(", ", names));
    }
  }

  /** Options bold, names of arguments in italics. */
  private static String marked(String text) {
    var out = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      int end = at;
      if (c == '-') {
        while (end < text.length() && (text.charAt(end) == '-' || isWord(text.charAt(end)))) {
          end++;
        }
        out.append("\\fB").append(escape(text.substring(at, end))).append("\\fR");
      } else if (Character.isUpperCase(c)) {
        while (end < text.length() && isWord(text.charAt(end))) {
          end++;
        }
        out.append("\\fI").append(escape(text.substring(at, end))).append("\\fR");
      } else {
        end = at + 1;
        out.append(escape(text.substring(at, end)));
      }
      at = end;
    }
    return out.toString();
  }

  private static boolean isWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '-';
  }

  /** Text that means itself. */
  static String escape(String text) {
    return text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("^", "\\(ha");
  }

  private void request(String name, String... arguments) {
    page.append('.').append(name);
    for (String argument : arguments) {
      page.append(" \"").append(escape(argument).replace("\"", "\\(dq")).append('"');
    }
    page.append('\n');
  }

  /** A line of text; a dot at its start would be a request. */
  private void line(String text) {
    page.append(text.startsWith(".") ? "\\&" : "").append(text).append('\n');
  }

  /** Text that flows, in lines that are not too long to read here either. */
  private void prose(String text) {
    var current = new StringBuilder();
    for (String word : escape(text).split(" ")) {
      if (!current.isEmpty() && current.length() + 1 + word.length() > LINE) {
        line(current.toString());
        current.setLength(0);
      }
      current.append(current.isEmpty() ? "" : " ").append(word);
    }
    line(current.toString());
  }
}
