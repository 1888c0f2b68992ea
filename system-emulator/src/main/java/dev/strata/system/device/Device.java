// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device;

/** A chip or card of a machine. */
public interface Device {
  /** Puts the device into the state that the machine's reset line leaves it in. */
  void reset();
}
