// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device;

/** A wire to an interrupt controller, driven by one device. Thread-safe. */
@FunctionalInterface
public interface IrqLine {
  /** Leads nowhere. */
  IrqLine NOWHERE = level -> {};

  /** Sets the wire's level; setting the level that it has changes nothing. */
  void set(boolean level);

  /** Down and up again: an edge. */
  default void pulse() {
    set(false);
    set(true);
  }
}
