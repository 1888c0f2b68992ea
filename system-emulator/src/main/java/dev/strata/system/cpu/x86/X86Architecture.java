// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.translate.TranslationMode;
import java.util.List;

/** The PC's processors with 64 bits. */
public final class X86Architecture implements Architecture {
  private static final List<CpuModel> MODELS =
      List.of(X86Model.MAX, X86Model.QEMU32, X86Model.QEMU64);

  /** The architecture. */
  public X86Architecture() {}

  @Override
  public String name() {
    return "x86_64";
  }

  @Override
  public List<CpuModel> models() {
    return MODELS;
  }

  @Override
  public String defaultModel() {
    return X86Model.QEMU64.name();
  }

  @Override
  public Cpu create(int index, CpuModel model, CpuSurroundings surroundings) {
    return processor(model, surroundings, true);
  }

  static Cpu processor(CpuModel model, CpuSurroundings surroundings, boolean wide) {
    boolean translates = !Boolean.getBoolean("strata.interpret");
    return new X86Cpu(
        surroundings, (X86Model) model, wide, translates ? TranslationMode.NORMAL : null);
  }
}
