// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.TranslationMode;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random MMX and SSE instructions give what the host's processor gives, faults and flags included;
 * but for RCPPS and RSQRTPS, which makers approximate differently.
 */
final class VectorTruthTest {
  private static final int SEQUENCES =
      Boolean.getBoolean("strata.long") ? 1_000_000 : Integer.getInteger("strata.sequences", 8000);
  private static final int NONE = 0;
  private static final int P66 = 1;
  private static final int F3 = 2;
  private static final int F2 = 3;
  private static final int[] PREFIXES = {0, 0x66, 0xf3, 0xf2};
  private static final int[] FLOATS = {0x51, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0xc2};
  private static final int[] INTEGERS = {
    0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x70, 0x74, 0x75, 0x76,
    0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5,
    0xf6, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe
  };

  private final Random random = new Random();
  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  private void put(int kind, int opcode, int reg, int rm, boolean memory, boolean wide) {
    if (kind != NONE) {
      code.write(PREFIXES[kind]);
    }
    int rex = 0x40 | (wide ? 8 : 0) | (reg >> 3) << 2 | (memory ? 0 : rm >> 3);
    if (rex != 0x40) {
      code.write(rex);
    }
    code.write(0x0f);
    code.write(opcode);
    if (memory) {
      boolean any = kind >= F3 || opcode <= 0x13 || random.nextInt(40) == 0;
      int displacement = any ? random.nextInt(112) : 16 * random.nextInt(7);
      code.write(0x40 | (reg & 7) << 3 | 7);
      code.write(displacement);
    } else {
      code.write(0xc0 | (reg & 7) << 3 | (rm & 7));
    }
  }

  private int general() {
    int register = random.nextInt(16);
    return register == 4 || register == 7 ? 0 : register;
  }

  private void add() {
    int reg = random.nextInt(16);
    int rm = random.nextInt(16);
    boolean memory = random.nextInt(3) == 0;
    boolean wide = random.nextBoolean();
    switch (random.nextInt(16)) {
      case 0, 1, 2 -> {
        int opcode = FLOATS[random.nextInt(FLOATS.length)];
        put(random.nextInt(4), opcode, reg, rm, memory, false);
        if (opcode == 0xc2) {
          code.write(random.nextInt(8));
        }
      }
      case 3, 4, 5 -> {
        int opcode = INTEGERS[random.nextInt(INTEGERS.length)];
        int kind = random.nextInt(4) == 0 ? NONE : P66;
        put(kind, opcode, kind == NONE ? reg & 7 : reg, kind == NONE ? rm & 7 : rm, memory, false);
        if (opcode == 0x70) {
          code.write(random.nextInt(256));
        }
      }
      case 6 -> put(random.nextInt(2), 0x54 + random.nextInt(4), reg, rm, memory, false);
      case 7 -> put(random.nextInt(2), 0x14 + random.nextInt(2), reg, rm, memory, false);
      case 8 -> {
        put(random.nextInt(2), 0xc6, reg, rm, memory, false);
        code.write(random.nextInt(256));
      }
      case 9 -> shift(rm);
      case 10 -> move(reg, rm, memory, wide);
      case 11 -> convert(reg, rm, memory, wide);
      case 12 -> put(random.nextInt(2), 0x2e + random.nextInt(2), reg, rm, memory, false);
      case 13 ->
          put(
              random.nextBoolean() ? P66 : F2,
              new int[] {0x7c, 0x7d, 0xd0}[random.nextInt(3)],
              reg,
              rm,
              memory,
              false);
      case 14 -> words(reg, rm, memory);
      default -> {
        switch (random.nextInt(4)) {
          case 0 -> put(random.nextInt(2), 0x50, general(), rm, false, false);
          case 1 -> put(P66, 0xd7, general(), rm, false, false);
          case 2 -> put(F3, random.nextBoolean() ? 0x12 : 0x16, reg, rm, memory, false);
          default -> put(F2, 0x12, reg, rm, memory, false);
        }
      }
    }
  }

  private void shift(int rm) {
    int opcode = 0x71 + random.nextInt(3);
    int[] which = opcode == 0x73 ? new int[] {2, 3, 6, 7} : new int[] {2, 4, 6};
    if (opcode == 0x72 || opcode == 0x71 || random.nextBoolean()) {
      put(P66, opcode, which[random.nextInt(which.length)], rm, false, false);
    } else {
      put(NONE, 0x73, random.nextBoolean() ? 2 : 6, rm & 7, false, false);
    }
    code.write(random.nextInt(4) == 0 ? random.nextInt(256) : random.nextInt(40));
  }

  private void move(int reg, int rm, boolean memory, boolean wide) {
    switch (random.nextInt(9)) {
      case 0 -> put(random.nextInt(4), 0x10 + random.nextInt(2), reg, rm, memory, false);
      case 1 -> put(random.nextInt(2), 0x28 + random.nextInt(2), reg, rm, memory, false);
      case 2 ->
          put(random.nextInt(2) + 1, random.nextBoolean() ? 0x6f : 0x7f, reg, rm, memory, false);
      case 3 -> put(P66, 0x6e, reg, general(), memory, wide);
      case 4 -> put(P66, 0x7e, reg, general(), memory, wide);
      case 5 -> put(F3, 0x7e, reg, rm, memory, false);
      case 6 -> put(P66, 0xd6, reg, rm, memory, false);
      case 7 -> put(NONE, random.nextBoolean() ? 0x12 : 0x16, reg, rm, memory, false);
      default ->
          put(
              random.nextInt(2),
              new int[] {0x12, 0x13, 0x16, 0x17, 0x2b, 0xe7}[random.nextInt(6)],
              reg & 7,
              rm,
              true,
              false);
    }
  }

  private void convert(int reg, int rm, boolean memory, boolean wide) {
    switch (random.nextInt(6)) {
      case 0 -> put(2 + random.nextInt(2), 0x2a, reg, general(), memory, wide);
      case 1 -> put(2 + random.nextInt(2), 0x2c + random.nextInt(2), general(), rm, memory, wide);
      case 2 -> put(random.nextInt(4), 0x5a, reg, rm, memory, false);
      case 3 -> put(random.nextInt(3), 0x5b, reg, rm, memory, false);
      case 4 -> put(1 + random.nextInt(3), 0xe6, reg, rm, memory, false);
      default -> {
        int opcode = new int[] {0x2a, 0x2c, 0x2d}[random.nextInt(3)];
        put(random.nextInt(2), opcode, reg & 7, rm & 7, memory, false);
      }
    }
  }

  private void words(int reg, int rm, boolean memory) {
    switch (random.nextInt(4)) {
      case 0 -> put(P66, 0xc4, reg, memory ? rm : general(), memory, false);
      case 1 -> put(P66, 0xc5, general(), rm, false, false);
      case 2 -> put(2 + random.nextInt(2), 0x70, reg, rm, memory, false);
      default -> {
        put(P66, 0x6c + random.nextInt(2), reg, rm, memory, false);
        return;
      }
    }
    code.write(random.nextInt(256));
  }

  private void one(TruthMachine machine, long seed) throws Exception {
    random.setSeed(seed);
    code.reset();
    int length = 1 + random.nextInt(4);
    for (int i = 0; i < length; i++) {
      add();
    }
    machine.begin(random);
    if (random.nextInt(3) == 0) {
      machine.registers[7] += 0xe90 + 16 * random.nextInt(8); // over the end of the first page
    }
    VectorContents.fill(machine, random);
    assertEquals("", machine.difference(code.toByteArray()), "seed " + seed);
  }

  @Test
  void randomSequencesGiveWhatTheHostGives(@TempDir Path folder) throws Exception {
    int[] raised = TruthMachine.compare(folder, null, SEQUENCES, this::one);
    assertTrue(raised[X86.SIMD] > 0, "no sequence faulted");
  }

  @Test
  void translatedTheyDoToo(@TempDir Path folder) throws Exception {
    int[] raised = TruthMachine.compare(folder, TranslationMode.AT_ONCE, SEQUENCES / 2, this::one);
    assertTrue(raised[X86.SIMD] > 0, "no sequence faulted");
  }
}
