// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** A feature that processors here can have. */
enum Feature {
  FPU(FeatureWord.BASIC_EDX, 0),
  PSE(FeatureWord.BASIC_EDX, 3),
  TSC(FeatureWord.BASIC_EDX, 4),
  MSR(FeatureWord.BASIC_EDX, 5),
  PAE(FeatureWord.BASIC_EDX, 6),
  CX8(FeatureWord.BASIC_EDX, 8),
  APIC(FeatureWord.BASIC_EDX, 9),
  SEP(FeatureWord.BASIC_EDX, 11),
  MTRR(FeatureWord.BASIC_EDX, 12),
  PGE(FeatureWord.BASIC_EDX, 13),
  CMOV(FeatureWord.BASIC_EDX, 15),
  PAT(FeatureWord.BASIC_EDX, 16),
  PSE36(FeatureWord.BASIC_EDX, 17),
  CLFLUSH(FeatureWord.BASIC_EDX, 19),
  MMX(FeatureWord.BASIC_EDX, 23),
  FXSR(FeatureWord.BASIC_EDX, 24),
  SSE(FeatureWord.BASIC_EDX, 25),
  SSE2(FeatureWord.BASIC_EDX, 26),

  SSE3(FeatureWord.BASIC_ECX, 0),
  PCLMULQDQ(FeatureWord.BASIC_ECX, 1),
  SSSE3(FeatureWord.BASIC_ECX, 9),
  CX16(FeatureWord.BASIC_ECX, 13),
  SSE41(FeatureWord.BASIC_ECX, 19),
  SSE42(FeatureWord.BASIC_ECX, 20),
  MOVBE(FeatureWord.BASIC_ECX, 22),
  POPCNT(FeatureWord.BASIC_ECX, 23),
  AES(FeatureWord.BASIC_ECX, 25),
  XSAVE(FeatureWord.BASIC_ECX, 26),
  RDRAND(FeatureWord.BASIC_ECX, 30),
  HYPERVISOR(FeatureWord.BASIC_ECX, 31),

  FSGSBASE(FeatureWord.STRUCTURED_EBX, 0),
  BMI1(FeatureWord.STRUCTURED_EBX, 3),
  SMEP(FeatureWord.STRUCTURED_EBX, 7),
  BMI2(FeatureWord.STRUCTURED_EBX, 8),
  ERMS(FeatureWord.STRUCTURED_EBX, 9),
  RDSEED(FeatureWord.STRUCTURED_EBX, 18),
  ADX(FeatureWord.STRUCTURED_EBX, 19),
  SMAP(FeatureWord.STRUCTURED_EBX, 20),
  CLFLUSHOPT(FeatureWord.STRUCTURED_EBX, 23),
  CLWB(FeatureWord.STRUCTURED_EBX, 24),
  SHA(FeatureWord.STRUCTURED_EBX, 29),

  SYSCALL(FeatureWord.EXTENDED_EDX, 11),
  NX(FeatureWord.EXTENDED_EDX, 20),
  PDPE1GB(FeatureWord.EXTENDED_EDX, 26),
  RDTSCP(FeatureWord.EXTENDED_EDX, 27),
  LM(FeatureWord.EXTENDED_EDX, 29),

  LAHF_LM(FeatureWord.EXTENDED_ECX, 0),
  ABM(FeatureWord.EXTENDED_ECX, 5),
  PREFETCHW(FeatureWord.EXTENDED_ECX, 8);

  final FeatureWord word;
  final int bit;

  Feature(FeatureWord word, int bit) {
    this.word = word;
    this.bit = bit;
  }
}
