// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Child;

/**
 * A driver some of whose children come and go while it is open. No request is in flight when they
 * do.
 */
public interface ChildSet {
  /**
   * The name of the edge to a child that is to come.
   *
   * @throws BlockException if none can come
   */
  String nameForChild() throws BlockException;

  /** A child has come, by the name that {@link #nameForChild} gave. */
  void added(Child child);

  /**
   * Lets a child go.
   *
   * @throws BlockException if it has to stay
   */
  void remove(Child child) throws BlockException;
}
