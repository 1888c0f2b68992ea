// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.block.BlockException;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;

/**
 * A processor model: what CPUID says (Intel SDM, volume 2, CPUID; AMD64 manual, volume 3, appendix
 * E), and so what there is.
 *
 * @param vendor twelve characters
 * @param signature family, model and stepping
 * @param highestExtended the last leaf from 80000000 on
 */
record X86Model(String name, String vendor, int signature, int highestExtended, Features features)
    implements CpuModel {
  private static final String AMD = "AuthenticAMD";

  /** Bits of EDX of leaf 1 that AMD's processors repeat in leaf 80000001. */
  private static final int REPEATED = 0x0183f3ff;

  /** All that there is. */
  static final X86Model MAX = new X86Model("max", AMD, 0x60fb1, 0x80000008, Features.ALL);

  static final X86Model QEMU32 =
      new X86Model(
          "qemu32",
          "GenuineIntel",
          0x663,
          0x80000004,
          new Features(
              EnumSet.of(
                  Feature.FPU,
                  Feature.PSE,
                  Feature.TSC,
                  Feature.MSR,
                  Feature.PAE,
                  Feature.CX8,
                  Feature.APIC,
                  Feature.SEP,
                  Feature.PGE,
                  Feature.CMOV,
                  Feature.PAT,
                  Feature.MMX,
                  Feature.FXSR,
                  Feature.SSE,
                  Feature.SSE2,
                  Feature.SSE3,
                  Feature.HYPERVISOR)));

  static final X86Model QEMU64 =
      new X86Model(
          "qemu64",
          AMD,
          0x60fb1,
          0x80000008,
          QEMU32.features.with(
              EnumSet.of(
                  Feature.MTRR,
                  Feature.PSE36,
                  Feature.CLFLUSH,
                  Feature.CX16,
                  Feature.SYSCALL,
                  Feature.NX,
                  Feature.LM,
                  Feature.LAHF_LM)));

  boolean has(Feature feature) {
    return features.has(feature);
  }

  @Override
  public CpuModel with(List<String> properties, Consumer<String> warnings) throws BlockException {
    return new ModelProperties(this).apply(properties, warnings);
  }

  /** This with other features. */
  X86Model with(Features changed) {
    return new X86Model(name, vendor, signature, highestExtended, changed);
  }

  /** Fills EAX, EBX, ECX, EDX. */
  void identify(int leaf, int subleaf, int[] to, boolean apic) {
    Arrays.fill(to, 0);
    switch (leaf) {
      case 0 -> {
        boolean structured =
            (features.word(FeatureWord.STRUCTURED_EBX)
                    | features.word(FeatureWord.STRUCTURED_ECX)
                    | features.word(FeatureWord.STRUCTURED_EDX))
                != 0;
        vendor(to, has(Feature.XSAVE) ? 0xd : structured ? 7 : 1);
      }
      case 1 -> {
        to[0] = signature;
        to[1] = has(Feature.CLFLUSH) ? 0x800 : 0; // a line, in units of 8 bytes
        to[2] = features.word(FeatureWord.BASIC_ECX);
        to[3] = features.word(FeatureWord.BASIC_EDX);
        if (!apic) {
          to[3] &= ~(1 << Feature.APIC.bit);
        }
      }
      case 7 -> {
        if (subleaf == 0) {
          to[1] = features.word(FeatureWord.STRUCTURED_EBX);
          to[2] = features.word(FeatureWord.STRUCTURED_ECX);
          to[3] = features.word(FeatureWord.STRUCTURED_EDX);
        }
      }
      case 0xd -> {
        if (subleaf == 0 && has(Feature.XSAVE)) {
          to[0] = (int) StateComponents.ALL;
          to[1] = StateComponents.AREA; // of what is enabled
          to[2] = StateComponents.AREA; // of all
        }
      }
      case 0x80000000 -> vendor(to, highestExtended);
      case 0x80000001 -> {
        to[0] = signature;
        to[2] = features.word(FeatureWord.EXTENDED_ECX);
        to[3] = features.word(FeatureWord.EXTENDED_EDX);
        if (vendor.equals(AMD)) {
          to[3] |= features.word(FeatureWord.BASIC_EDX) & REPEATED;
        }
      }
      case 0x80000002 -> brand(to, 0);
      case 0x80000003 -> brand(to, 16);
      case 0x80000004 -> brand(to, 32);
      case 0x80000008 -> to[0] = has(Feature.LM) ? 48 << 8 | 40 : 32 << 8 | 32;
      default -> {}
    }
  }

  private void vendor(int[] to, int highest) {
    to[0] = highest;
    to[1] = word(vendor, 0);
    to[3] = word(vendor, 4);
    to[2] = word(vendor, 8);
  }

  private static void brand(int[] to, int from) {
    String brand = "Strata Virtual CPU";
    for (int i = 0; i < 4; i++) {
      to[i] = word(brand, from + 4 * i);
    }
  }

  private static int word(String text, int from) {
    int word = 0;
    for (int i = 3; i >= 0; i--) {
      word = word << 8 | (from + i < text.length() ? text.charAt(from + i) : 0);
    }
    return word;
  }

  /** Checks that another processor was of this model. */
  void same(StateFields state) throws BlockException {
    state.same("CPU model", name);
    for (FeatureWord word : FeatureWord.values()) {
      state.same("CPU features " + word, features.word(word));
    }
  }
}
