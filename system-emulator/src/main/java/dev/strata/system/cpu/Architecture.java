// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import java.util.List;

/** A guest architecture. */
public interface Architecture {
  /** For example {@code x86_64}. */
  String name();

  /** In the order of {@code -cpu help}. */
  List<CpuModel> models();

  /** A processor, as after power-on. */
  Cpu create(int index, CpuModel model, CpuSurroundings surroundings);
}
