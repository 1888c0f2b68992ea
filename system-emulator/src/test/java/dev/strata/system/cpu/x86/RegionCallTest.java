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

/** A region calls functions that are too long to be inlined, and goes on where they return to. */
final class RegionCallTest {
  private static final TranslationMode SOON =
      new TranslationMode(20, false, 100, HostAccess.best());

  private static final int CHANGES_CODE = 0x160;

  /** Functions, and loops that call them. */
  private static byte[] program() {
    byte[] program = new byte[8192];
    Arrays.fill(program, (byte) 0xf4);
    put(program, 0x10, "bde8030000"); // mov ebp, 1000
    put(program, 0x15, "e876000000 4801d0"); // call 90h; add rax, rdx
    put(program, 0x1d, "ffcd 75f4 f4"); // dec ebp; jnz 15h; hlt

    put(program, 0x30, "bde8030000"); // mov ebp, 1000
    put(program, 0x35, "e808000000 48ffc0"); // call 42h; inc rax
    put(program, 0x3d, "ffcd 75f4 f4"); // dec ebp; jnz 35h; hlt
    put(program, 0x42, "e849000000"); // call 90h
    put(program, 0x47, "f7c507000000 7505"); // test ebp, 7; jnz 54h
    put(program, 0x4f, "4883042403 c3"); // add qword [rsp], 3; ret

    put(program, 0x60, "bd28000000"); // mov ebp, 40
    put(program, 0x65, "b92c010000 e805000000"); // mov ecx, 300; call 74h
    put(program, 0x6f, "ffcd 75f2 f4"); // dec ebp; jnz 65h; hlt
    put(program, 0x74, "4801c8 ffc9 740d"); // add rax, rcx; dec ecx; jz 88h
    put(program, 0x7b, "e8f4ffffff 4801d0"); // call 74h; add rax, rdx
    put(program, 0x83, "e808000000 c3"); // call 90h; ret

    put(program, 0x90, "4801ea 48c1ca05".repeat(15) + "c3"); // add rdx, rbp; ror rdx, 5; ret

    put(program, 0x100, "bd28000000"); // mov ebp, 40
    put(program, 0x105, "e808000000 48ffc0"); // call 112h; inc rax
    put(program, 0x10d, "ffcd 75f4 f4"); // dec ebp; jnz 105h; hlt
    put(program, 0x112, "e879ffffff bb00102000"); // call 90h; mov ebx, DATA + 1000h
    put(program, 0x11c, "48ff03 c3"); // inc qword [rbx]; ret

    put(program, 0x12f, "e85cffffff b900002000"); // call 90h; mov ecx, DATA
    put(program, 0x139, "bb04104000 83fd01"); // mov ebx, CODE + 1004h; cmp ebp, 1
    put(program, 0x141, "0f44cb c601c8 c3"); // cmove ecx, ebx; mov byte [rcx], c8h; ret
    put(program, CHANGES_CODE, "bd64000000 be2f014000"); // mov ebp, 100; mov esi, CODE + 12fh
    put(program, 0x16a, "31c0 e98f0e0000"); // xor eax, eax; jmp 1000h
    put(program, 0x1000, "ffd6 48ffc0"); // call rsi; inc rax
    put(program, 0x1005, "ffcd 75f7 f4"); // dec ebp; jnz 1000h; hlt
    return program;
  }

  private static void put(byte[] program, int at, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    System.arraycopy(bytes, 0, program, at, bytes.length);
  }

  /** The registers at the end, the same as if all were interpreted. */
  private static long[] run(int begin) {
    byte[] program = program();
    put(program, 0, "e9"); // jmp
    program[1] = (byte) (begin - 5);
    program[2] = (byte) ((begin - 5) >> 8);
    program[3] = 0;
    program[4] = 0;
    try (var interpreted = new ProgramMachine(true, null);
        var translated = new ProgramMachine(true, SOON)) {
      for (ProgramMachine machine : new ProgramMachine[] {interpreted, translated}) {
        machine.load(program);
        machine.run(new Random(1), false);
        assertTrue(machine.hasEnded());
      }
      long[] r = translated.cpu.state.r;
      assertArrayEquals(Arrays.copyOf(interpreted.cpu.state.r, 16), Arrays.copyOf(r, 16));
      if (begin != CHANGES_CODE) { // what changes code is begun twice, at times
        assertEquals(interpreted.cpu.instructions(), translated.cpu.instructions());
      }
      assertTrue(Objects.requireNonNull(translated.cpu.translator).translated() > 1);
      return r;
    }
  }

  @Test
  void aLoopGoesOnAfterEachCall() {
    assertEquals(0, run(0x10)[Slots.RBP]);
  }

  @Test
  void aFunctionReturnsToAnotherPlace() {
    assertEquals(0, run(0x30)[Slots.RBP]);
  }

  @Test
  void functionsCallEachOtherDeeperThanTheStackIsToGrow() {
    assertEquals(0, run(0x60)[Slots.RBP]);
  }

  @Test
  void aFunctionFaults() {
    assertEquals(0, run(0x100)[Slots.RBP]);
  }

  @Test
  void aFunctionChangesWhatItReturnsTo() {
    assertEquals(99 - 1, run(CHANGES_CODE)[Slots.RAX]); // inc rax has become dec rax
  }
}
