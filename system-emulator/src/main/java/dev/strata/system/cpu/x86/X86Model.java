// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.CpuModel;

/**
 * A processor model: what CPUID says.
 *
 * @param wide whether there is long mode
 * @param signature family, model and stepping
 */
record X86Model(String name, boolean wide, int signature) implements CpuModel {
  /** FPU, PSE, TSC, MSR, PAE, CMPXCHG8B, APIC, SYSENTER, PGE, CMOV: only what there is. */
  private static final int FEATURES_EDX =
      1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 15;

  /** MMX, FXSAVE, SSE, SSE2. */
  private static final int VECTORS = 1 << 23 | 1 << 24 | 1 << 25 | 1 << 26;

  /** Fills EAX, EBX, ECX, EDX. */
  void identify(int leaf, int subleaf, int[] to, boolean apic) {
    java.util.Arrays.fill(to, 0);
    switch (leaf) {
      case 0 -> name(to, 1, "AuthenticAMD");
      case 1 -> {
        to[0] = signature;
        to[1] = 0x800;
        to[2] = 1 | 1 << 13 | 1 << 23 | 1 << 31; // SSE3, CMPXCHG16B, POPCNT, a hypervisor
        to[3] = (apic ? FEATURES_EDX : FEATURES_EDX & ~(1 << 9)) | VECTORS;
      }
      case 0x80000000 -> {
        to[0] = 0x80000008;
        vendor(to);
      }
      case 0x80000001 -> {
        to[0] = signature;
        to[2] = 1;
        to[3] = wide ? 1 << 11 | 1 << 20 | 1 << 27 | 1 << 29 : 0;
      }
      case 0x80000002 -> brand(to, 0);
      case 0x80000003 -> brand(to, 16);
      case 0x80000004 -> brand(to, 32);
      case 0x80000008 -> to[0] = wide ? 48 << 8 | 40 : 32 << 8 | 32;
      default -> {}
    }
    if (!wide && leaf == 1) {
      to[2] &= ~(1 << 13);
    }
  }

  private static void name(int[] to, int highest, String vendor) {
    to[0] = highest;
    to[1] = word(vendor, 0);
    to[3] = word(vendor, 4);
    to[2] = word(vendor, 8);
  }

  private static void vendor(int[] to) {
    int highest = to[0];
    name(to, highest, "AuthenticAMD");
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
}
