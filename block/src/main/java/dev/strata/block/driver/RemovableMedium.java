// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

/** A driver whose medium can be taken out, as that of a CD drive. Any thread may call. */
public interface RemovableMedium {
  /** Whether there is a medium; without one no request succeeds. */
  boolean hasMedium();
}
