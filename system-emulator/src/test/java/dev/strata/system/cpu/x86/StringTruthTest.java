// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * MOVS, CMPS, STOS, LODS and SCAS beside the host: repeated over two pages, backwards, onto
 * themselves.
 */
@Execution(ExecutionMode.CONCURRENT)
final class StringTruthTest {
  private static final int SEQUENCES = Boolean.getBoolean("strata.long") ? 300_000 : 3000;

  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RSI = 6;
  private static final int RDI = 7;
  private static final int MIDDLE = NativeRunner.DATA_SIZE / 2;
  private static final int STACK_BYTES = 16;

  @Test
  void stringsDoAsTheHosts(@TempDir Path folder) throws Exception {
    TruthMachine.compare(folder, null, SEQUENCES, StringTruthTest::one);
  }

  private static void one(TruthMachine machine, long seed) throws Exception {
    var random = new Random(seed);
    int size = random.nextInt(4);
    boolean backwards = random.nextInt(4) == 0;
    boolean narrow = random.nextInt(4) == 0; // ESI, EDI and ECX
    int opcode = new int[] {0xa4, 0xa4, 0xa4, 0xaa, 0xaa, 0xa6, 0xac, 0xae}[random.nextInt(8)];
    int prefix = random.nextInt(8) == 0 ? 0 : random.nextInt(4) == 0 ? 0xf2 : 0xf3;
    machine.begin(random);
    int count = random.nextInt(random.nextBoolean() ? 12 : 300);
    int most = MIDDLE + (MIDDLE - STACK_BYTES) / 2;
    int span = Math.max(count, 1) << size;
    machine.registers[RCX] = count;
    machine.registers[RSI] = start(random, span, backwards, most);
    machine.registers[RDI] =
        random.nextInt(3) == 0
            ? near(machine.registers[RSI], random, span, backwards, most)
            : start(random, span, backwards, most);
    if (random.nextBoolean()) {
      machine.registers[RAX] = random.nextInt(256) * 0x0101010101010101L;
    }
    if (opcode >= 0xa6 && opcode != 0xaa && random.nextBoolean()) {
      Arrays.fill(machine.contents, (byte) machine.registers[RAX]);
      machine.contents[random.nextInt(machine.contents.length)]++;
    }
    var code = new ByteArrayOutputStream();
    if (backwards) {
      code.write(0xfd); // STD
    }
    if (narrow) {
      code.write(0x67);
    }
    if (size == 1) {
      code.write(0x66);
    }
    if (prefix != 0) {
      code.write(prefix);
    }
    if (size == 3) {
      code.write(0x48);
    }
    code.write(opcode | (size == 0 ? 0 : 1));
    code.write(0xfc); // CLD
    assertEquals("", machine.difference(code.toByteArray()), "seed " + seed);
  }

  /** An address from which {@code span} bytes are there; mostly over the pages' border. */
  private static long start(Random random, int span, boolean backwards, int most) {
    int first =
        random.nextInt(3) == 0
            ? random.nextInt(most - span)
            : Math.clamp(MIDDLE - random.nextInt(span + 1), 0, most - span);
    return NativeRunner.DATA + first + (backwards ? span : 0);
  }

  private static long near(long other, Random random, int span, boolean backwards, int most) {
    long low = NativeRunner.DATA + (backwards ? span : 0);
    long high = NativeRunner.DATA + most - (backwards ? 0 : span);
    return Math.clamp(other + random.nextInt(129) - 64, low, high);
  }
}
