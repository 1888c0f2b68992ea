// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.HostAccess;
import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A store to a device that puts its registers where its memory was, as flash does, and back: the
 * instructions that follow see that, those of the same block among them.
 */
final class RemappedMemoryTest {
  private static final int ROUNDS = 500;
  private static final long PAGE_AT = 0x30000; // what ProgramMachine.DATA leads to
  private static final int MEMORY = 0x11; // each byte of it
  private static final int REGISTER = 0x22;

  private static final String PROGRAM =
      "bdf4010000 bb00002000 be00002000" // mov ebp, 500; mov ebx, DATA; mov esi, DATA
          + "4d31d2 4d31db 4d31e4 4d31ed 4d31f6" // xor of r10 to r14
          + "0fb603 4901c2" // loop: movzx eax, byte [rbx]; add r10, rax
          + "0fb64e08 4901cb" // movzx ecx, byte [rsi + 8]; add r11, rcx
          + "c60301" // mov byte [rbx], 1
          + "0fb613 4901d4" // movzx edx, byte [rbx]; add r12, rdx
          + "0fb65609 4901d5" // movzx edx, byte [rsi + 9]; add r13, rdx
          + "c60302" // mov byte [rbx], 2
          + "0fb6560a 4901d6" // movzx edx, byte [rsi + 10]; add r14, rdx
          + "ffcd 75d5 f4"; // dec ebp; jnz loop; hlt

  private void run(@Nullable TranslationMode mode) {
    try (var machine = new ProgramMachine(true, mode);
        Arena arena = Arena.ofConfined()) {
      machine.load(HexFormat.of().parseHex(PROGRAM.replace(" ", "")));
      new Switched(machine, arena);
      machine.run(new Random(7), false);
      assertTrue(machine.hasEnded());
      long[] r = machine.cpu.state.r;
      assertEquals(ROUNDS * MEMORY, r[10]);
      assertEquals(ROUNDS * MEMORY, r[11]);
      assertEquals(ROUNDS * REGISTER, r[12]);
      assertEquals(ROUNDS * REGISTER, r[13]);
      assertEquals(ROUNDS * MEMORY, r[14]);
    }
  }

  /** A device whose registers are shown by a 1, and its memory by a 2. */
  private static final class Switched implements MmioHandler {
    private final ProgramMachine machine;
    private final MemoryRegion registers = MemoryRegion.mmio("registers", 4096, this);

    Switched(ProgramMachine machine, Arena arena) {
      this.machine = machine;
      MemoryRegion memory = MemoryRegion.rom("memory", 4096, arena, this);
      memory.memory().fill((byte) MEMORY);
      machine.memory.map(PAGE_AT, memory, 1);
    }

    @Override
    public long read(long offset, int bytes) {
      return REGISTER;
    }

    @Override
    public void write(long offset, int bytes, long value) {
      if ((value & 0xff) == 1) {
        machine.memory.map(PAGE_AT, registers, 2);
      } else {
        machine.memory.unmap(registers);
      }
    }
  }

  @Test
  void interpretedCodeSeesItAtOnce() {
    run(null);
  }

  @ParameterizedTest
  @EnumSource
  void translatedCodeSeesItAtOnce(HostAccess access) {
    run(new TranslationMode(20, false, 100, access));
  }
}
