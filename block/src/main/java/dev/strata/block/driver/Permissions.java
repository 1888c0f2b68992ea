// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import java.util.EnumSet;
import java.util.Set;

/**
 * What one user of a node does with it and what it can stand others doing.
 *
 * @param needed what this user does
 * @param shared what others may do meanwhile
 */
public record Permissions(Set<Permission> needed, Set<Permission> shared) {
  /** Neither reads nor writes, and minds nothing. */
  public static final Permissions NONE =
      new Permissions(EnumSet.noneOf(Permission.class), EnumSet.allOf(Permission.class));

  /** Whether writes of any kind are among the needed ones. */
  public boolean writes() {
    return needed.contains(Permission.WRITE) || needed.contains(Permission.WRITE_UNCHANGED);
  }

  // Written out: what a record has of itself is linked at its first use, which every start pays.
  @Override
  public boolean equals(Object other) {
    return other instanceof Permissions that
        && needed.equals(that.needed)
        && shared.equals(that.shared);
  }

  @Override
  public int hashCode() {
    return 31 * needed.hashCode() + shared.hashCode();
  }
}
