// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.system.cpu.translate.TranslationMode;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random SSSE3, SSE4, AES, SHA and carry-less instructions give what the host's processor gives,
 * faults and flags included. Those that the host lacks are left to {@link KnownAnswersTest}.
 */
final class LongVectorTruthTest {
  private static final int SEQUENCES =
      Boolean.getBoolean("strata.long") ? 1_000_000 : Integer.getInteger("strata.sequences", 8000);

  /** What ModRM names. */
  private enum Form {
    /** XMM registers, or one and memory. */
    XMM,
    /** The same; makers differ in whether the memory must be aligned. */
    ALIGNED,
    /** MMX registers, or one and memory. */
    MMX,
    /** A general register, or memory, beside an XMM register. */
    GENERAL,
    /** Memory beside an XMM register. */
    MEMORY
  }

  private record Instruction(int prefix, int map, int opcode, Form form) {}

  private static final List<Instruction> INSTRUCTIONS = new ArrayList<>();

  private static void add(String flag, int prefix, int map, Form form, int... opcodes) {
    if (HostProcessor.has(flag)) {
      for (int opcode : opcodes) {
        INSTRUCTIONS.add(new Instruction(prefix, map, opcode, form));
      }
    }
  }

  static {
    int[] supplemental = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x1c, 0x1d, 0x1e};
    add("ssse3", 0, 0x38, Form.MMX, supplemental);
    add("ssse3", 0x66, 0x38, Form.XMM, supplemental);
    add("ssse3", 0, 0x3a, Form.MMX, 0x0f);
    add("ssse3", 0x66, 0x3a, Form.XMM, 0x0f);
    add("sse4_1", 0x66, 0x38, Form.XMM, 0x10, 0x14, 0x15, 0x17, 0x28, 0x29, 0x2b, 0x40, 0x41);
    add("sse4_1", 0x66, 0x38, Form.XMM, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25);
    add("sse4_1", 0x66, 0x38, Form.XMM, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35);
    add("sse4_1", 0x66, 0x38, Form.XMM, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f);
    add("sse4_1", 0x66, 0x38, Form.MEMORY, 0x2a);
    add("sse4_1", 0x66, 0x3a, Form.XMM, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x21, 0x40, 0x41, 0x42);
    // The dot products once more: their steps each find exceptions.
    add("sse4_1", 0x66, 0x3a, Form.XMM, 8, 9, 0x0a, 0x0b, 0x40, 0x41, 0x40, 0x41);
    add("sse4_1", 0x66, 0x3a, Form.GENERAL, 0x14, 0x15, 0x16, 0x17, 0x20, 0x22);
    add("sse4_2", 0x66, 0x38, Form.XMM, 0x37);
    add("sse4_2", 0x66, 0x3a, Form.XMM, 0x60, 0x61, 0x62, 0x63, 0x60, 0x61, 0x62, 0x63);
    add("pclmulqdq", 0x66, 0x3a, Form.XMM, 0x44);
    add("aes", 0x66, 0x38, Form.XMM, 0xdb, 0xdc, 0xdd, 0xde, 0xdf);
    add("aes", 0x66, 0x3a, Form.XMM, 0xdf);
    add("sha_ni", 0, 0x38, Form.ALIGNED, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd);
    add("sha_ni", 0, 0x3a, Form.ALIGNED, 0xcc);
  }

  private static final byte DPPS = 0x40;
  private static final byte DPPD = 0x41;
  private static final int FIRST_XMM = 160; // in the image of FXSAVE

  private final Random random = new Random();
  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  private boolean dotProductsChoose; // by their lane

  /**
   * Of several values that are no numbers a sum is one; which, in a dot product, is the processor's
   * own choice. On some each lane has another, so that nothing is to be compared with.
   */
  private static boolean dotProductsChoose(TruthMachine machine) throws Exception {
    machine.begin(new Random(1));
    for (int lane = 0; lane < 4; lane++) {
      machine.extended.putInt(FIRST_XMM + 4 * lane, 0x7fc00001 + lane); // payloads 1 to 4
      machine.extended.putInt(FIRST_XMM + 16 + 4 * lane, Float.floatToIntBits(1));
    }
    String unused =
        machine.difference(new byte[] {0x66, 0x0f, 0x3a, DPPS, (byte) 0xc1, (byte) 0xff});
    int first = machine.extended.getInt(FIRST_XMM); // the host's
    for (int lane = 1; lane < 4; lane++) {
      if (machine.extended.getInt(FIRST_XMM + 4 * lane) != first) {
        return true;
      }
    }
    return false;
  }

  private boolean isComparable(Instruction instruction) {
    boolean dot = instruction.opcode() == DPPS || instruction.opcode() == DPPD;
    return !dotProductsChoose || instruction.map() != 0x3a || !dot;
  }

  private void add() {
    Instruction instruction;
    do {
      instruction = INSTRUCTIONS.get(random.nextInt(INSTRUCTIONS.size()));
    } while (!isComparable(instruction));
    Form form = instruction.form();
    boolean memory = form == Form.MEMORY || random.nextInt(3) == 0;
    int most = form == Form.MMX ? 8 : 16;
    int reg = random.nextInt(most);
    int rm = random.nextInt(most);
    if (form == Form.GENERAL && (rm == 4 || rm == 7)) {
      rm = 0; // RSP and RDI stay.
    }
    boolean wide = random.nextInt(4) == 0;
    if (instruction.prefix() != 0) {
      code.write(instruction.prefix());
    }
    int rex = 0x40 | (wide ? 8 : 0) | (reg >> 3) << 2 | (memory ? 0 : rm >> 3);
    if (rex != 0x40) {
      code.write(rex);
    }
    code.write(0x0f);
    code.write(instruction.map());
    code.write(instruction.opcode());
    if (memory) {
      boolean aligned = form == Form.ALIGNED || (form == Form.XMM && random.nextInt(30) != 0);
      int displacement = aligned ? 16 * random.nextInt(7) : random.nextInt(112);
      code.write(0x40 | (reg & 7) << 3 | 7);
      code.write(displacement);
    } else {
      code.write(0xc0 | (reg & 7) << 3 | (rm & 7));
    }
    if (instruction.map() == 0x3a) {
      code.write(random.nextInt(instruction.opcode() == 0x0f ? 40 : 256));
    }
  }

  private void one(TruthMachine machine, long seed) throws Exception {
    if (seed == TruthMachine.firstSeed()) {
      dotProductsChoose = HostProcessor.has("sse4_1") && dotProductsChoose(machine);
    }
    random.setSeed(seed);
    code.reset();
    int length = 1 + random.nextInt(4);
    for (int i = 0; i < length; i++) {
      add();
    }
    machine.begin(random);
    VectorContents.fill(machine, random);
    if (random.nextInt(3) == 0) {
      machine.registers[7] += 0xe90 + 16 * random.nextInt(8); // over the end of the first page
    }
    if (random.nextBoolean()) {
      machine.registers[0] = random.nextInt(40) - 20L; // lengths of strings
      machine.registers[2] = random.nextInt(40) - 20L;
    }
    assertEquals("", machine.difference(code.toByteArray()), "seed " + seed);
  }

  @Test
  void randomSequencesGiveWhatTheHostGives(@TempDir Path folder) throws Exception {
    int[] raised = TruthMachine.compare(folder, null, SEQUENCES, this::one);
    assertTrue(raised[X86.SIMD] > 0, "no sequence faulted");
    assertTrue(raised[X86.GENERAL_PROTECTION] > 0, "no operand was misaligned");
  }

  @Test
  void translatedTheyDoToo(@TempDir Path folder) throws Exception {
    int[] raised = TruthMachine.compare(folder, TranslationMode.AT_ONCE, SEQUENCES / 2, this::one);
    assertTrue(raised[X86.SIMD] > 0, "no sequence faulted");
  }

  /** With each choice of factors and of places for the sum, from numbers alone. */
  @ParameterizedTest
  @ValueSource(bytes = {DPPS, DPPD})
  void dotProductsOfNumbersAreTheHosts(byte opcode, @TempDir Path folder) throws Exception {
    assumeTrue(HostProcessor.has("sse4_1"));
    for (TranslationMode mode : new TranslationMode[] {null, TranslationMode.AT_ONCE}) {
      int[] unused =
          TruthMachine.compare(
              folder,
              mode,
              256,
              (machine, which) -> {
                random.setSeed(which);
                machine.begin(random);
                for (int at = FIRST_XMM; at < FIRST_XMM + 32; at += 8) {
                  if (opcode == DPPD) {
                    machine.extended.putDouble(at, random.nextGaussian());
                  } else {
                    machine.extended.putFloat(at, (float) random.nextGaussian());
                    machine.extended.putFloat(at + 4, (float) random.nextGaussian());
                  }
                }
                byte[] body = {0x66, 0x0f, 0x3a, opcode, (byte) 0xc1, (byte) which};
                assertEquals("", machine.difference(body), "seed " + which);
              });
    }
  }
}
