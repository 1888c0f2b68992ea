// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;

/** What a command says that has nothing to say unless it fails. */
interface Answer {
  /** What is asked for. */
  void run() throws BlockException;

  /** Runs it; nothing is said, or why it failed. */
  static String of(Answer action) {
    try {
      action.run();
      return "";
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }
}
