// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** XSAVE and XRSTOR give what the host's processor gives, whatever of an area they are about. */
final class StateComponentsTruthTest {
  private static final int SEQUENCES = Integer.getInteger("strata.sequences", 2000);

  // What makers differ in: the pointers and the opcode, the mask of MXCSR, whether a part that is
  // as at the beginning is told as such. mov word [rdi+6], 0; mov qword [rdi+8], 0;
  // mov qword [rdi+16], 0; mov dword [rdi+28], 0
  private static final String LEVEL =
      "66c747060000 48c7470800000000 48c7471000000000 c7471c00000000";

  // mov rax, [rdi+200h]; and rax, -4; mov [rdi+250h], rax: what was not asked for is kept
  private static final String TELL = "488b8700020000 4883e0fc 48898750020000";

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  private void put(String bytes) {
    code.writeBytes(HexFormat.of().parseHex(bytes.replace(" ", "")));
  }

  /** mov eax, mask; mov edx, 0. */
  private void ask(int mask) {
    put("b8%02x000000 ba00000000".formatted(mask));
  }

  /** Sets the header at DATA + 100h + 200h. */
  private void header(int present, int compacted, int reserved) {
    put("48c78700020000 %02x0000 %02x".formatted(present & 3, present & 0x80));
    put("48c78708020000 %02x000000".formatted(compacted));
    put("48c78710020000 %02x000000".formatted(reserved));
  }

  private void one(TruthMachine machine, long seed) throws Exception {
    var random = new Random(seed);
    code.reset();
    machine.begin(random);
    VectorContents.fill(machine, random);
    boolean wide = random.nextBoolean();
    String rex = wide ? "48" : "";
    if (random.nextInt(4) == 0) {
      put("31c9 0f01d0 83e003 31d2"); // xor ecx, ecx; xgetbv; and eax, 3; xor edx, edx
    } else {
      ask(random.nextInt(4) | (random.nextBoolean() ? 0 : 0x10));
    }
    put(rex + "0fae27"); // xsave [rdi]
    put(LEVEL);
    put(TELL);
    if (random.nextBoolean()) {
      put("660fefc9 660f6fd8"); // pxor xmm1, xmm1; movdqa xmm3, xmm0
    }
    boolean wrong = random.nextInt(8) == 0;
    header(
        random.nextInt(4) | (wrong && random.nextBoolean() ? 0x80 : 0),
        wrong && random.nextBoolean() ? 1 : 0,
        wrong && random.nextBoolean() ? 2 : 0);
    // mov dword [rdi+24], 1f80h or what cannot be set
    put(random.nextInt(16) == 0 ? "c7471800000180" : "c74718801f0000");
    put("66c747027f03 66c747007f03"); // status and control: no exception waits
    ask(random.nextInt(4));
    put(rex + (random.nextInt(16) == 0 ? "0fae6f08" : "0fae2f")); // xrstor
    assertEquals("", machine.difference(code.toByteArray()), "seed " + seed);
  }

  @Test
  void areasAreAsTheHostsOwn(@TempDir Path folder) throws Exception {
    assumeTrue(HostProcessor.has("xsave"), "the host has no XSAVE");
    int[] raised = TruthMachine.compare(folder, null, SEQUENCES, this::one);
    assertTrue(raised[X86.GENERAL_PROTECTION] > 0, "no header was wrong");
    assertTrue(raised[X86.GENERAL_PROTECTION] < SEQUENCES / 2);
  }
}
