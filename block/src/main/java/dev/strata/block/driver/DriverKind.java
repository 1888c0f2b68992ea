// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

/** Where in the graph a driver stands. */
public enum DriverKind {
  /** At the bottom: reaches the outside world itself. */
  PROTOCOL,
  /** Interprets the bytes of a file as a disk image. */
  FORMAT,
  /** Passes its child's content on, changed in manner, not in content. */
  FILTER,
  /** Shows another disk than each of its children is: of several one, or what one was before. */
  VIEW
}
