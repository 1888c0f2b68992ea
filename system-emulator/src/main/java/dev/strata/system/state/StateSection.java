// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import java.lang.foreign.MemorySegment;

/** A piece of a machine's state that has a name, at most 255 characters of ASCII. */
public sealed interface StateSection {
  /** Unique in the machine. */
  String name();

  /**
   * Fields.
   *
   * @param version of their list; another one is not read
   */
  record Fields(String name, int version, Saved content) implements StateSection {}

  /** Memory, a multiple of 4096 bytes. */
  record Memory(String name, MemorySegment memory) implements StateSection {}
}
