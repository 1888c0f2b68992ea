// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

/** A processor by the name that {@code -cpu} takes. */
public interface CpuModel {
  /** For example {@code qemu64}. */
  String name();
}
