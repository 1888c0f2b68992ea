// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.GuestFault;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An instruction is there if CPUID says so, and else it is undefined. */
final class FeatureTest {
  private static X86Model without(Feature feature) {
    return X86Model.MAX.with(Features.ALL.with(feature.word, feature.bit, false));
  }

  private static ProgramMachine after(X86Model model, boolean wide, String code) {
    var machine = new ProgramMachine(wide, null, model);
    machine.load(HexFormat.of().parseHex(code + "f4"));
    machine.run(new Random(1), false);
    return machine;
  }

  @ParameterizedTest
  @CsvSource({
    "CMOV,0f40c1",
    "CMOV,dac1", // FCMOVB
    "CMOV,dbf1", // FCOMI
    "MMX,0ffcc1",
    "SSE,0f58c1",
    "SSE,0fe0c1",
    "SSE2,660f58c1",
    "SSE2,660ffcc1",
    "SSE2,0fc303",
    "SSE3,660f7cc1",
    "SSE3,f20ff003",
    "SSSE3,0f3800c1",
    "SSSE3,660f3800c1",
    "SSSE3,660f3a0fc101",
    "SSE41,660f3828c1",
    "SSE41,660f3a16c101",
    "SSE42,660f3837c1",
    "SSE42,660f3a63c100",
    "SSE42,f20f38f0c1",
    "AES,660f38dcc1",
    "AES,660f3adfc101",
    "PCLMULQDQ,660f3a44c100",
    "SHA,0f38c8c1",
    "SHA,0f3accc100",
    "MOVBE,0f38f003",
    "POPCNT,f30fb8c1",
    "BMI1,c4e278f2c1",
    "BMI1,c4e278f3c9",
    "BMI1,c4e278f7c1",
    "BMI2,c4e27bf6c1",
    "BMI2,c4e279f7c1",
    "BMI2,c4e37bf0c101",
    "ADX,660f38f6c1",
    "ADX,f30f38f6c1",
    "RDRAND,0fc7f0",
    "RDSEED,0fc7f8",
    "CX8,0fc70b",
    "CLFLUSH,0fae3b",
    "CLFLUSHOPT,660fae3b",
    "CLWB,660fae33",
    "FXSR,0fae03",
    "XSAVE,0fae23",
    "XSAVE,31c90f01d0", // XGETBV
    "XSAVE,31c931d2b8030000000f01d1", // XSETBV
    "RDTSCP,0f01f9",
    "SMAP,0f01ca"
  })
  void anInstructionIsThereIfItsFeatureIs(Feature feature, String code) {
    for (boolean wide : new boolean[] {false, true}) {
      try (var machine = after(X86Model.MAX, wide, code)) {
        assertTrue(machine.hasEnded(), "with it");
      }
      try (var machine = after(without(feature), wide, code)) {
        assertTrue(machine.metUndefined(), "without it");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"CX16,480fc70b", "LAHF_LM,9f", "LAHF_LM,9e"})
  void inSixtyFourBitCodeToo(Feature feature, String code) {
    try (var machine = after(X86Model.MAX, true, code)) {
      assertTrue(machine.hasEnded(), "with it");
    }
    try (var machine = after(without(feature), true, code)) {
      assertTrue(machine.metUndefined(), "without it");
    }
  }

  private static long counted(X86Model model, String code) {
    try (var machine = after(model, true, "b900001000" + code)) { // mov ecx, 0x100000
      return machine.cpu.state.r[Slots.RAX];
    }
  }

  /** TZCNT and LZCNT are BSF and BSR with a prefix that older processors pass over. */
  @Test
  void whatCountsZerosScansWithoutItsFeature() {
    assertEquals(11, counted(X86Model.MAX, "f30fbdc1"));
    assertEquals(20, counted(without(Feature.ABM), "f30fbdc1"));
    try (var machine = after(without(Feature.BMI1), true, "31c9b807000000f30fbcc1")) {
      assertEquals(7, machine.cpu.state.r[Slots.RAX], "of 0, BSF leaves its destination");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "c5f877", // VZEROUPPER
    "c4e27cf2c1", // ANDN of 256 bits
    "66c4e278f2c1", // prefixes before VEX
    "f3c4e278f2c1",
    "f0c4e278f2c1",
    "c4e278f3c1", // no such operation in the group
    "c4e279f2c1" // no ANDN with 66
  })
  void otherVexCodesAreUndefined(String code) {
    try (var machine = after(X86Model.MAX, true, code)) {
      assertTrue(machine.metUndefined());
    }
  }

  /** Intel SDM, volume 2, 2.3.1: the prefix is one in protected mode only. */
  @Test
  void vexIsUndefinedInRealMode() {
    try (var machine = new ProgramMachine(false, null)) {
      byte[] code = HexFormat.of().parseHex("c4e278f2c1f4");
      machine.load(code);
      X86 state = machine.cpu.state;
      state.cr0 &= ~(X86.PE | X86.PG);
      state.base[X86.CS] = ProgramMachine.CODE_AT;
      state.access[X86.CS] = 0x9b;
      state.modeChanged();
      state.r[Slots.PC] = 0;
      int vector = -1;
      try {
        state.core.runUntil(5);
      } catch (GuestFault fault) {
        vector = fault.vector;
      }
      assertEquals(X86.UNDEFINED_OPCODE, vector);
    }
  }
}
