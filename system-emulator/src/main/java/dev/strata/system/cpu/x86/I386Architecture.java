// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.cpu.CpuSurroundings;
import java.util.List;

/** The same processors without the mode that has 64 bits. */
public final class I386Architecture implements Architecture {
  private static final List<CpuModel> MODELS =
      List.of(narrow(X86Model.MAX), X86Model.QEMU32, narrow(X86Model.QEMU64));

  /** The architecture. */
  public I386Architecture() {}

  private static X86Model narrow(X86Model model) {
    Features features =
        model
            .features()
            .with(Feature.LM.word, Feature.LM.bit, false)
            .with(Feature.SYSCALL.word, Feature.SYSCALL.bit, false);
    return model.with(features);
  }

  @Override
  public String name() {
    return "i386";
  }

  @Override
  public List<CpuModel> models() {
    return MODELS;
  }

  @Override
  public String defaultModel() {
    return X86Model.QEMU32.name();
  }

  @Override
  public Cpu create(int index, CpuModel model, CpuSurroundings surroundings) {
    return X86Architecture.processor(model, surroundings, false);
  }
}
