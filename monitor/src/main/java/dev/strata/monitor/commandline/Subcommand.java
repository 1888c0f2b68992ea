// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import java.util.List;

/** One command of a tool that has several. */
public interface Subcommand {
  /** The options, for reading and for the help. */
  OptionTable options();

  /** What it does, for the help and the manual only. */
  Description describe();

  /**
   * Runs the command.
   *
   * @param words what follows the command's name
   * @return the exit code
   * @throws BlockException whose message is all that is left to say; exit code 1
   */
  int run(List<String> words, Terminal terminal) throws BlockException;
}
