// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.monitor.commandline.Subcommand;

/** What {@code --help} prints. */
public final class HelpPage {
  private HelpPage() {}

  /** The help about one command of a program. */
  public static String ofCommand(String program, String name, Subcommand command) {
    return CommandModel.ofCommand(program, name, command).help();
  }

  /**
   * The help about a program.
   *
   * @param program what it is called by
   */
  public static String ofTool(String program, ToolDescription tool) {
    return CommandModel.ofTool(program, tool).help();
  }

  /** The line with the names of all drivers, which scripts read. */
  public static String supportedFormats() {
    var line = new StringBuilder("Supported formats:");
    for (BlockDriverFactory driver : DriverRegistry.load().all()) {
      line.append(' ').append(driver.name());
    }
    return line.append('\n').toString();
  }
}
