// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

/** Says who may do something. Thread-safe. */
public interface Authorization extends NamedObject {
  /** Whether whoever shows to be {@code identity} may. */
  boolean allows(String identity);
}
