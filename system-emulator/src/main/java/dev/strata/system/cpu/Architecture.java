// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import java.util.List;

/** A guest architecture. */
public interface Architecture {
  /** For example {@code x86_64}: what follows {@code qemu-system-} in a program's name. */
  String name();

  /** In the order of {@code -cpu help}. */
  List<CpuModel> models();

  /** The name of the model that a machine has if nothing is said. */
  String defaultModel();

  /** A processor, as after power-on. */
  Cpu create(int index, CpuModel model, CpuSurroundings surroundings);
}
