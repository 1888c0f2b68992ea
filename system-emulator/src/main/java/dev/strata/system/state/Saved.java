// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import dev.strata.block.BlockException;

/** Part of a machine that remembers something. */
@FunctionalInterface
public interface Saved {
  /**
   * Names each field in turn, which writes it, or gives it the value read: one description for both
   * ways. After reading, all that follows from the fields is as they have it; lines to other parts
   * are not driven, for these read their own fields. Nothing else happens meanwhile.
   *
   * @throws BlockException if what is read makes no sense; the part may have any state then
   */
  void state(StateFields state) throws BlockException;
}
