// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device;

import dev.strata.system.state.Saved;

/** A chip or card of a machine. */
public interface Device extends Saved {
  /** Puts the device into the state that the machine's reset line leaves it in. */
  void reset();

  /** Has the device begin no request, whatever the guest has asked for, or has it go on. */
  default void hold(boolean held) {}

  /** How many requests are under way, with those that wait for the machine to go on. */
  default int underWay() {
    return 0;
  }

  /** The machine goes on: requests that were under way when the state was saved are made again. */
  default void resumed() {}
}
