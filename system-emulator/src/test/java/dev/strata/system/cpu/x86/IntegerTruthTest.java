// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.cpu.translate.TranslationMode;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random integer instructions give what the host's processor gives. */
final class IntegerTruthTest {
  private static final int SEQUENCES = Boolean.getBoolean("strata.long") ? 1_000_000 : 5000;
  private static final long ARITHMETIC_FLAGS = 0x8d5;

  /** A sequence, and the flags that the manual leaves undefined after it. */
  private static final class Sequence {
    final ByteArrayOutputStream code = new ByteArrayOutputStream();
    final Random random;
    long undefined;

    /** Those that are if the instruction at an offset faults. */
    final Map<Integer, Long> undefinedAt = new HashMap<>();

    Sequence(Random random) {
      this.random = random;
    }

    private void put(int... bytes) {
      for (int b : bytes) {
        code.write(b);
      }
    }

    private int register() {
      int r = random.nextInt(16);
      return r == 4 || r == 7 ? 0 : r; // RSP and RDI, which points to data, stay
    }

    /** Optional 66, REX, the opcode, ModRM for a register or [rdi+disp8]. */
    private void operation(int size, int[] opcode, int reg, int prefix) {
      operation(size, opcode, reg, prefix, random.nextInt(3) == 0);
    }

    private void operation(int size, int[] opcode, int reg, int prefix, boolean memory) {
      if (prefix != 0) {
        put(prefix);
      }
      if (size == 1) {
        put(0x66);
      }
      int rm = memory ? 7 : register();
      put(0x40 | (size == 3 ? 8 : 0) | (reg >> 3) << 2 | rm >> 3);
      put(opcode);
      operand(reg, rm, memory);
    }

    /** VEX of three bytes, the opcode, ModRM for a register or [rdi+disp8]. */
    private void vex(int size, int implied, int map, int opcode, int reg, int other) {
      boolean memory = random.nextInt(3) == 0;
      int rm = memory ? 7 : register();
      put(0xc4, (reg >> 3 ^ 1) << 7 | 0x40 | (rm >> 3 ^ 1) << 5 | map);
      put((size == 3 ? 0x80 : 0) | (~other & 15) << 3 | implied, opcode);
      operand(reg, rm, memory);
    }

    private void operand(int reg, int rm, boolean memory) {
      if (memory) {
        put(0x40 | (reg & 7) << 3 | 7, random.nextInt(0x60));
      } else {
        put(0xc0 | (reg & 7) << 3 | (rm & 7));
      }
    }

    private void immediate(int size) {
      for (int i = 0; i < Math.min(4, 1 << size); i++) {
        put(random.nextInt(256));
      }
    }

    void add() {
      int size = random.nextInt(4);
      int w = size == 0 ? 0 : 1;
      int reg = register();
      switch (random.nextInt(26)) {
        case 0, 1 -> {
          int which = random.nextInt(8);
          operation(size, new int[] {which << 3 | random.nextInt(2) << 1 | w}, reg, 0);
          defines(which == 1 || which == 4 || which == 6 ? 0x10 : 0);
        }
        case 2 -> {
          int which = random.nextInt(8);
          operation(size, new int[] {0x80 | w}, which, 0);
          immediate(size);
          defines(which == 1 || which == 4 || which == 6 ? 0x10 : 0);
        }
        case 3 -> shift(size, w);
        case 4 -> {
          int which = random.nextInt(2);
          operation(size, new int[] {0xfe | w}, which, 0);
          undefined &= 1;
        }
        case 5 -> {
          int which = 2 + random.nextInt(4);
          operation(size, new int[] {0xf6 | w}, which, 0);
          if (which >= 4) {
            defines(0xd4);
          } else if (which == 3) {
            defines(0);
          }
        }
        case 6 -> {
          operation(Math.max(1, size), new int[] {0x0f, 0xaf}, reg, 0);
          defines(0xd4);
        }
        case 7 -> operation(size, new int[] {0x88 | random.nextInt(2) << 1 | w}, reg, 0);
        case 8 ->
            operation(
                Math.max(1, size),
                new int[] {0x0f, 0xb6 | random.nextInt(2) | random.nextInt(2) << 3},
                reg,
                0);
        case 9 -> {
          int condition = random.nextInt(16);
          if (undefined == 0) {
            operation(Math.max(1, size), new int[] {0x0f, 0x40 | condition}, reg, 0);
          }
        }
        case 10 -> {
          int condition = random.nextInt(16);
          if (undefined == 0) {
            operation(0, new int[] {0x0f, 0x90 | condition}, 0, 0);
          }
        }
        case 11 -> {
          operation(Math.max(1, size), new int[] {0x0f, 0xba}, 4 + random.nextInt(4), 0);
          put(random.nextInt(64));
          undefined = (undefined & ~1) | (0x894 & ~1);
        }
        case 12 -> {
          operation(
              Math.max(1, size), new int[] {0x0f, random.nextBoolean() ? 0xa4 : 0xac}, reg, 0);
          put(random.nextInt(size <= 1 ? 16 : 32) + 1 & 31);
          undefined |= 0x810;
        }
        case 13 -> {
          operation(size, new int[] {0x0f, 0xc0 | w}, reg, 0);
          defines(0);
        }
        case 14 -> {
          // Makers differ in whether one of 32 bits that fails clears the register's upper half.
          operation(size == 2 ? 3 : size, new int[] {0x0f, 0xb0 | w}, reg, 0);
          defines(0);
        }
        case 15 -> {
          operation(
              Math.max(1, size), new int[] {0x0f, random.nextBoolean() ? 0xbc : 0xbd}, reg, 0xf3);
          defines(0x894);
        }
        case 16 -> {
          operation(Math.max(1, size), new int[] {0x0f, 0xb8}, reg, 0xf3);
          defines(0);
        }
        case 17, 18 -> {
          if (HostProcessor.has("bmi1")) {
            first(2 + random.nextInt(2), reg);
          }
        }
        case 19, 20 -> {
          if (HostProcessor.has("bmi2")) {
            second(2 + random.nextInt(2), reg);
          }
        }
        case 22 -> divide(size, w);
        case 23 -> {
          int opcode = 0xa3 | random.nextInt(4) << 3;
          operation(Math.max(1, size), new int[] {0x0f, opcode}, reg, 0, false);
          undefined = (undefined & ~1) | (0x894 & ~1);
        }
        case 24 -> {
          // Of 0, the register stays as it was, as makers have it, though Intel does not say so.
          operation(Math.max(1, size), new int[] {0x0f, 0xbc | random.nextInt(2)}, reg, 0);
          defines(0x895);
        }
        case 21 -> {
          boolean overflow = random.nextBoolean();
          if (HostProcessor.has("adx") && (undefined & (overflow ? 0x800 : 1)) == 0) {
            int prefix = overflow ? 0xf3 : 0x66;
            operation(2 + random.nextInt(2), new int[] {0x0f, 0x38, 0xf6}, reg, prefix);
          }
        }
        default -> {
          if (random.nextBoolean() && HostProcessor.has("sse4_2")) {
            operation(size, new int[] {0x0f, 0x38, 0xf0 | w}, reg, 0xf2);
          } else if (HostProcessor.has("movbe")) {
            int opcode = 0xf0 | random.nextInt(2);
            operation(Math.max(1, size), new int[] {0x0f, 0x38, opcode}, reg, 0, true);
          }
        }
      }
    }

    /** BMI1. */
    private void first(int size, int reg) {
      switch (random.nextInt(3)) {
        case 0 -> {
          vex(size, 0, 2, 0xf2, reg, random.nextInt(16));
          defines(0x14);
        }
        case 1 -> {
          vex(size, 0, 2, 0xf3, 1 + random.nextInt(3), reg);
          defines(0x14);
        }
        default -> {
          vex(size, 0, 2, 0xf7, reg, random.nextInt(16));
          defines(0x94);
        }
      }
    }

    /** BMI2. */
    private void second(int size, int reg) {
      switch (random.nextInt(5)) {
        case 0 -> {
          vex(size, 0, 2, 0xf5, reg, random.nextInt(16));
          defines(0x14);
        }
        case 1 -> vex(size, 2 + random.nextInt(2), 2, 0xf5, reg, random.nextInt(16));
        case 2 -> vex(size, 3, 2, 0xf6, reg, register());
        case 3 -> vex(size, 1 + random.nextInt(3), 2, 0xf7, reg, random.nextInt(16));
        default -> {
          vex(size, 3, 3, 0xf0, reg, 0);
          put(random.nextInt(256));
        }
      }
    }

    /** What is divided is often short enough to leave no fault. */
    private void divide(int size, int w) {
      int shift = random.nextBoolean() ? 0xea : 0xfa; // SHR, SAR of RDX
      int count = random.nextInt(64);
      put(0x48, 0xc1, shift, count);
      if (count != 0) {
        undefined = count == 1 ? 0x10 : 0x810;
      }
      undefinedAt.put(code.size(), undefined);
      operation(size, new int[] {0xf6 | w}, 6 + random.nextInt(2), 0);
      defines(0x8d5);
    }

    private void shift(int size, int w) {
      int which = random.nextInt(8);
      operation(size, new int[] {0xc0 | w}, which, 0);
      int count = random.nextInt(64);
      put(count);
      int bits = 8 << size;
      int used = count & (size == 3 ? 63 : 31);
      boolean rotates = which < 4;
      if (used != 0) {
        undefined |= used == 1 ? 0 : 0x800;
        if (!rotates) {
          undefined |= 0x10;
          if (used > bits) {
            undefined |= 1;
          }
          if (which != 7 && used == bits) {
            undefined |= 1;
          }
        }
      }
    }

    private void defines(long exceptFor) {
      undefined = exceptFor;
    }
  }

  @Test
  void randomSequencesGiveWhatTheHostGives(@TempDir Path folder) throws Exception {
    TruthMachine.compare(folder, null, SEQUENCES, IntegerTruthTest::one);
  }

  @Test
  void translatedTheyDoToo(@TempDir Path folder) throws Exception {
    TruthMachine.compare(folder, TranslationMode.AT_ONCE, SEQUENCES / 2, IntegerTruthTest::one);
  }

  private static void one(TruthMachine machine, long seed) throws Exception {
    var random = new Random(seed);
    var sequence = new Sequence(random);
    int length = 1 + random.nextInt(6);
    for (int i = 0; i < length; i++) {
      sequence.add();
    }
    machine.begin(random);
    machine.flagsCompared = ARITHMETIC_FLAGS & ~sequence.undefined;
    sequence.undefinedAt.forEach(
        (offset, undefined) -> machine.flagsComparedAt.put(offset, ARITHMETIC_FLAGS & ~undefined));
    String difference = machine.difference(sequence.code.toByteArray());
    assertEquals("", difference, "seed " + seed);
  }
}
