// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.ExitReason;
import dev.strata.system.cpu.InterruptPins;
import dev.strata.system.log.EventLog;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** System management mode (SDM volume 3, chapter 32; AMD64 manual, volume 2, chapter 10). */
final class SystemManagementTest {
  private static final int SECOND = 1_000_000_000;
  private static final int WINDOW = 0x38000;
  private static final String RESUME = "0faa";
  private static final String COUNT = "ff060005"; // inc word [0x500]
  private static final String HALT = "f4";

  private final Arena arena = Arena.ofShared();
  private final AddressSpace memory = new AddressSpace(1L << 32, -1);
  private final AddressSpace seen = AddressSpace.over(memory);
  private final MemoryRegion hidden = MemoryRegion.ram("hidden", 0x8000, arena);

  SystemManagementTest() {
    memory.map(0, MemoryRegion.ram("ram", 1 << 20, arena), 0);
  }

  @AfterEach
  void end() {
    arena.close();
  }

  private static void put(AddressSpace space, long at, String code) {
    byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
    for (int i = 0; i < bytes.length; i++) {
      space.write(at + i, 1, bytes[i]);
    }
  }

  /** A processor in real mode, before the code at 1000h. */
  private X86Cpu processor(boolean wide, String code) {
    put(memory, 0x1000, code);
    put(memory, 2 * 4, "00200000"); // of NMIs
    put(memory, 6 * 4, "00300000"); // of undefined opcodes
    var pins =
        new InterruptPins() {
          @Override
          public int acknowledge() {
            return -1;
          }

          @Override
          public void systemManagement(boolean active) {
            if (active) {
              seen.map(WINDOW, hidden, 1);
            } else {
              seen.unmap(hidden);
            }
          }
        };
    var ports = new AddressSpace(0x10000, -1);
    var cpu =
        new X86Cpu(
            new CpuSurroundings(seen, ports, pins, () -> 0, () -> 0, EventLog.unread()),
            X86Model.MAX,
            wide,
            null);
    cpu.state.selector[X86.CS] = 0;
    cpu.state.base[X86.CS] = 0;
    cpu.state.r[Slots.PC] = 0x1000;
    cpu.state.modeChanged();
    return cpu;
  }

  private void handler(String code) {
    seen.map(WINDOW, hidden, 1);
    put(seen, WINDOW, code);
    seen.unmap(hidden);
  }

  private long word(long at) {
    return memory.read(at, 2);
  }

  private static ExitReason interrupted(X86Cpu cpu) {
    cpu.interrupt(2, true);
    return cpu.run(SECOND);
  }

  @Test
  void whoWasHaltedIsHaltedAgain() {
    for (boolean wide : new boolean[] {true, false}) {
      X86Cpu cpu = processor(wide, HALT + "ff060205" + HALT);
      handler(COUNT + RESUME);
      memory.write(0x500, 2, 0);
      assertEquals(ExitReason.HALTED, cpu.run(SECOND));
      assertEquals(ExitReason.HALTED, interrupted(cpu));
      assertEquals(1, word(0x500));
      assertEquals(0, word(0x502));
      assertFalse(cpu.state.managed);
    }
  }

  @Test
  void whoIsNotToBeHaltedAgainGoesOnBehind() {
    X86Cpu cpu = processor(true, HALT + "ff060205" + HALT);
    handler("67c605c9fe030000" + RESUME);
    cpu.run(SECOND);
    assertEquals(ExitReason.HALTED, interrupted(cpu));
    assertEquals(1, word(0x502));
  }

  @Test
  void theHandlersMemoryIsSeenOnlyInside() {
    X86Cpu cpu = processor(true, HALT);
    put(memory, WINDOW, HALT);
    handler(COUNT + RESUME);
    cpu.run(SECOND);
    interrupted(cpu);
    interrupted(cpu);
    assertEquals(2, word(0x500));
    assertEquals(0xf4, seen.read(WINDOW, 1));
    assertEquals(0, memory.read(WINDOW + 0x7efc, 4)); // what is saved is hidden
  }

  @Test
  void theSaveAreaSaysItsLayoutAndTheRegisters() {
    X86Cpu wide = processor(true, "66b878563412" + HALT); // mov eax, 12345678h
    handler(RESUME);
    wide.run(SECOND);
    interrupted(wide);
    seen.map(WINDOW, hidden, 1);
    assertEquals(0x20064, seen.read(WINDOW + 0x7efc, 4));
    assertEquals(0x12345678L, seen.read(WINDOW + 0x7ff8, 8));
    assertEquals(0x1007, seen.read(WINDOW + 0x7f78, 8));
    seen.unmap(hidden);
    X86Cpu narrow = processor(false, "66b878563412" + HALT);
    narrow.run(SECOND);
    interrupted(narrow);
    seen.map(WINDOW, hidden, 1);
    assertEquals(0x20000, seen.read(WINDOW + 0x7efc, 4));
    assertEquals(0x12345678L, seen.read(WINDOW + 0x7fd0, 4));
    assertEquals(0x1007, seen.read(WINDOW + 0x7ff0, 4));
  }

  @Test
  void theBaseMoves() {
    X86Cpu cpu = processor(true, HALT);
    handler("6667c70500ff030000000400" + RESUME); // mov dword [3ff00h], 40000h
    put(memory, 0x48000, COUNT + RESUME);
    cpu.run(SECOND);
    interrupted(cpu);
    assertEquals(0, word(0x500));
    interrupted(cpu);
    assertEquals(1, word(0x500));
  }

  @Test
  void nonMaskableInterruptsWaitForTheEnd() {
    X86Cpu cpu = processor(true, HALT + HALT);
    handler("a10005 a30205" + RESUME); // what has been counted goes to 502h
    put(memory, 0x2000, COUNT + "cf");
    put(memory, 0x500, "0700");
    cpu.run(SECOND);
    cpu.interrupt(1, true);
    interrupted(cpu);
    assertEquals(7, word(0x502));
    assertEquals(8, word(0x500));
  }

  @Test
  void resumingIsUndefinedOutside() {
    X86Cpu cpu = processor(true, RESUME);
    put(memory, 0x3000, COUNT + HALT);
    assertEquals(ExitReason.HALTED, cpu.run(SECOND));
    assertEquals(1, word(0x500));
  }

  @Test
  void whatNoProgramCanHaveHadEndsTheProcessor() {
    X86Cpu cpu = processor(true, HALT);
    handler("6667c70558ff030000000080" + RESUME); // CR0: paging without protection
    cpu.run(SECOND);
    assertEquals(ExitReason.SHUTDOWN, interrupted(cpu));
  }
}
