// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * The registers in which CPUID tells of features, and the names that {@code -cpu} has for their
 * bits, those of features that are not had among them (Intel SDM, volume 2, CPUID; AMD64 manual,
 * volume 3, appendix E.3 and E.4).
 */
enum FeatureWord {
  /** EDX of leaf 1. */
  BASIC_EDX(
      1,
      "EDX",
      "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - ds"
          + " acpi mmx fxsr sse sse2 ss ht tm ia64 pbe"),

  /** ECX of leaf 1. */
  BASIC_ECX(
      1,
      "ECX",
      "pni pclmulqdq dtes64 monitor ds-cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm - pcid"
          + " dca sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave - avx f16c rdrand"
          + " hypervisor"),

  /** EBX of leaf 7. */
  STRUCTURED_EBX(
      7,
      "EBX",
      "fsgsbase tsc-adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm - - mpx - avx512f"
          + " avx512dq rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf"
          + " avx512er avx512cd sha-ni avx512bw avx512vl"),

  /** ECX of leaf 7. */
  STRUCTURED_ECX(
      7,
      "ECX",
      "- avx512vbmi umip pku - waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni avx512bitalg"
          + " - avx512-vpopcntdq - la57 - - - - - rdpid - bus-lock-detect cldemote - movdiri"
          + " movdir64b - sgxlc pks"),

  /** EDX of leaf 7. */
  STRUCTURED_EDX(
      7,
      "EDX",
      "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect - md-clear - - - serialize -"
          + " tsx-ldtrk - - arch-lbr - - - avx512-fp16 - - spec-ctrl stibp - arch-capabilities"
          + " core-capability ssbd"),

  /** EDX of leaf 80000001. */
  EXTENDED_EDX(
      0x80000001,
      "EDX",
      "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr-opt pdpe1gb rdtscp - lm"
          + " 3dnowext 3dnow"),

  /** ECX of leaf 80000001. */
  EXTENDED_ECX(
      0x80000001,
      "ECX",
      "lahf-lm cmp-legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop"
          + " skinit wdt - lwp fma4 tce - nodeid-msr - tbm topoext perfctr-core perfctr-nb - - - -"
          + " - - -");

  private final int leaf;
  private final String register;
  private final String[] names;

  FeatureWord(int leaf, String register, String names) {
    this.leaf = leaf;
    this.register = register;
    this.names = names.split(" ", -1);
  }

  /** The name of a bit. */
  String name(int bit) {
    return names[bit];
  }

  /** The bit of a name, or -1. */
  int bit(String name) {
    for (int i = 0; i < 32; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** A bit as the manuals write it, for example {@code CPUID.01H:ECX.avx [bit 28]}. */
  String describe(int bit) {
    String digits = Integer.toHexString(leaf).toUpperCase(java.util.Locale.ROOT);
    return "CPUID."
        + (digits.length() < 2 ? "0" : "")
        + digits
        + "H:"
        + register
        + "."
        + names[bit]
        + " [bit "
        + bit
        + "]";
  }
}
