// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonValue;
import org.jspecify.annotations.Nullable;

/** An object that a user defined: what an {@link ObjectType} makes. */
public interface NamedObject extends AutoCloseable {
  /** Whether somebody works with it, who would not notice that it is gone. */
  default boolean isUsed() {
    return false;
  }

  /** The value of a property that is another than was said of the object; null for the others. */
  default @Nullable JsonValue property(String name) {
    return null;
  }

  /**
   * Changes a property.
   *
   * @param value the property and nothing else
   * @throws BlockException if that cannot be
   */
  default void change(String name, ObjectProperties value) throws BlockException {
    throw new BlockException(
        Errno.EOPNOTSUPP, "Strata does not change '" + name + "' once the object is there");
  }

  /** Gives up what the object holds, keys above all. Nobody uses it any more. */
  @Override
  default void close() {}
}
