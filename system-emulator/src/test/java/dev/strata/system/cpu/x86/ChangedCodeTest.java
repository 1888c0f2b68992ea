// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.strata.system.cpu.translate.TranslationMode;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Code that was decoded and changes is decoded anew. */
final class ChangedCodeTest {
  private static void put(byte[] program, int at, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    System.arraycopy(bytes, 0, program, at, bytes.length);
  }

  /** MOV EAX, 1 over the end of a page, and a second time when its end has been changed. */
  private static byte[] straddling() {
    byte[] program = new byte[8192];
    Arrays.fill(program, (byte) 0xf4);
    put(program, 0, "31c9 e9f70f0000"); // xor ecx, ecx; jmp 4094
    put(program, 4094, "b801000000"); // mov eax, 1
    put(program, 4099, "85c9 750b ffc1"); // test ecx, ecx; jnz hlt; inc ecx
    put(program, 4105, "e9320f0000"); // jmp 8000
    put(program, 8000, "c6042500104000 07"); // mov byte [CODE + 4096], 7
    put(program, 8008, "e9b1f0ffff"); // jmp 4094
    return program;
  }

  private static void straddles(@Nullable TranslationMode mode) {
    try (var machine = new ProgramMachine(true, mode)) {
      machine.load(straddling());
      machine.run(new Random(1), false);
      assertEquals(0x701, machine.cpu.state.r[Slots.RAX]);
    }
  }

  @Test
  void anInstructionWhoseEndIsOnTheNextPageIsDecodedAnew() {
    straddles(null);
    straddles(TranslationMode.AT_ONCE);
  }

  @Test
  void aPageWhoseCodeIsGoneIsWrittenToAsAnyOther() {
    byte[] program = new byte[8192];
    Arrays.fill(program, (byte) 0xf4);
    put(program, 0, "e9fb0f0000"); // jmp 4096
    put(program, 4096, "e900f0ffff"); // jmp 5
    put(program, 5, "c6042500104000 f4"); // mov byte [CODE + 4096], hlt
    try (var machine = new ProgramMachine(true, null)) {
      machine.load(program);
      machine.run(new Random(1), false);
      assertFalse(machine.ram.hasCode(ProgramMachine.SECOND_CODE_AT, 4096));
    }
  }
}
