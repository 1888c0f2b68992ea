// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.HostAccess;
import dev.strata.system.cpu.translate.TranslationMode;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A region takes over what it reads and gives back what it has changed: whatever way it leaves by,
 * a fault in its middle too, all registers and flags are as if all were interpreted.
 */
final class RegionStateTest {
  /** Registers that one way sets and the other does not, and a load that faults behind both. */
  private static final String FAULTS =
      "bde8030000" // mov ebp, 1000
          + "f7c507000000 7509" // 5: test ebp, 7; jnz 16
          + "4989e8 4f8d0c01 eb0e" // mov r8, rbp; lea r9, [r9 + r8]; jmp 24
          + "4989ea f7c508000000" // 16: mov r10, rbp; test ebp, 8
          + "7503 4931eb" // jnz 24; xor r11, rbp
          + "bb00022000 b900102000" // 24: mov ebx, DATA + 200h; mov ecx, DATA + 1000h
          + "f7c57f000000 0f44d9" // test ebp, 127; cmovz ebx, ecx
          + "49ffc4 488b03" // inc r12; mov rax, [rbx]
          + "4911c5 4929ee" // adc r13, rax; sub r14, rbp
          + "ffcd 75be f4"; // dec ebp; jnz 5; hlt

  /** A carry that is set before the loop, which only reads it. */
  private static final String KEEPS_FLAGS =
      "b9d0070000 31c0 4531c0 f9" // mov ecx, 2000; xor eax, eax; xor r8d, r8d; stc
          + "0f92c0 4d8d0400" // b: setc al; lea r8, [r8 + rax]
          + "7201 f4" // jc 15; hlt
          + "4d8d4901 e2f0 f4"; // 15: lea r9, [r9 + 1]; loop b; hlt

  private static ProgramMachine run(ProgramMachine machine, String hex) {
    machine.load(HexFormat.of().parseHex(hex.replace(" ", "")));
    machine.run(new Random(7), false);
    assertTrue(machine.hasEnded());
    return machine;
  }

  /** The registers after a program that must be the same with regions and without. */
  static long[] compare(String hex, HostAccess access) {
    var soon = new TranslationMode(20, false, 100, access);
    try (var interpreted = run(new ProgramMachine(true, null), hex);
        var translated = run(new ProgramMachine(true, soon), hex)) {
      long[] r = translated.cpu.state.r;
      assertArrayEquals(Arrays.copyOf(interpreted.cpu.state.r, 16), Arrays.copyOf(r, 16));
      assertEquals(interpreted.cpu.state.flags(), translated.cpu.state.flags());
      assertEquals(interpreted.cpu.instructions(), translated.cpu.instructions());
      assertEquals(-1, interpreted.ram.memory().mismatch(translated.ram.memory()));
      assertTrue(Objects.requireNonNull(translated.cpu.translator).translated() > 0);
      return r;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatOneWaySetIsThereAfterAFaultBehindBoth(HostAccess access) {
    long[] r = compare(FAULTS, access);
    assertEquals(0, r[Slots.RBP]);
    assertEquals(8, r[8]);
    assertEquals(1, r[10]);
  }

  @Test
  void flagsThatARegionOnlyReadsStayAsTheyWere() {
    assertEquals(2000, compare(KEEPS_FLAGS, HostAccess.best())[8]);
  }
}
