// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tool as help, manual and completion see it: a service, one {@code provides} line in the tool's
 * module.
 */
public interface ToolDescription {
  /** What the program is called. */
  String name();

  /** What {@code strata} calls it, as {@code img}; null if it is no tool of its own there. */
  @Nullable String shortName();

  /** What {@code --version} prints, whole lines. */
  String version();

  /** The options of the tool itself. */
  OptionTable options();

  /** What it does. */
  Description describe();

  /** The names of its commands, in the order of listings; empty if it has none. */
  default List<String> commands() {
    return List.of();
  }

  /** The command of one of these names, or null. */
  default @Nullable Subcommand command(String name) {
    return null;
  }

  /** What else the manual tells. */
  default List<Topic> topics() {
    return List.of();
  }

  /** The words that an argument may be, beyond those that arguments of that name always may. */
  default List<String> words(String argument) {
    return List.of();
  }

  /** A section of the manual. */
  record Topic(String title, List<Item> items) {
    /**
     * Part of it.
     *
     * @param term what it is about
     * @param text printed as it is, line by line
     */
    public record Item(String term, String text) {}
  }
}
