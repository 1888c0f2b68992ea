// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;

/** Commands that a module over this one contributes: a service. */
public interface CommandSet {
  /** Adds its commands; called once, before any client comes. */
  void contribute(Monitor monitor);

  /** Ends what its commands began; called once, before the nodes are closed. */
  void close() throws BlockException;
}
