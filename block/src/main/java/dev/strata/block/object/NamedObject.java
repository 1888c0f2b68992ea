// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

/** An object that a user defined: what an {@link ObjectType} makes. */
public interface NamedObject extends AutoCloseable {
  /** Whether somebody works with it, who would not notice that it is gone. */
  default boolean isUsed() {
    return false;
  }

  /** Gives up what the object holds, keys above all. Nobody uses it any more. */
  @Override
  default void close() {}
}
