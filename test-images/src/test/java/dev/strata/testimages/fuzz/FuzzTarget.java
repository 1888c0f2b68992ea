// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.util.List;

/** A parser that inputs are tried on. */
interface FuzzTarget {
  /** By which it is chosen. */
  String name();

  /** Inputs that lead far into the parser, as {@link #run} takes them. */
  List<byte[]> seeds();

  /**
   * Tries one input.
   *
   * @throws BlockException if the input is refused, as it may be
   * @throws IOException if a peer that the input speaks for has left, as it may
   * @throws Finding if the parser did what it must not
   */
  void run(byte[] input) throws IOException;

  /** Whether inputs are scripts of {@link Damage}. */
  default boolean speaksOfDamage() {
    return false;
  }
}
