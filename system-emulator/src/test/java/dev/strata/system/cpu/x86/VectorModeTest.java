// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.ExitReason;
import dev.strata.system.cpu.InterruptPins;
import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.log.EventLog;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.state.StateInput;
import dev.strata.system.state.StateOutput;
import dev.strata.system.state.StateSection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whether SSE may be used is a part of how code is decoded: the same routine, at the same address,
 * is undefined or not by CR0 and CR4 as they are when it is called (SDM volume 3, 13.1), whoever
 * has set them: the program, system management mode, RSM or a state that is loaded.
 */
final class VectorModeTest {
  private static final int SECOND = 1_000_000_000;
  private static final int SYSTEM_MANAGEMENT_BASE = 0x30000;
  private static final int OPERAND = 0x600;
  private static final int RESULT = 0x610;
  private static final int UNDEFINED = 0x500; // how often
  private static final int NOT_AVAILABLE = 0x502;

  private static final String HALT = "f4";
  private static final String RESUME = "0faa";
  private static final String CALL = "9a00500000"; // call 0:5000h
  private static final String ROUTINE =
      "0f100e0006" // movups xmm1, [600h]
          + "0f58c9" // addps xmm1, xmm1
          + "0f110e1006" // movups [610h], xmm1
          + "ff060405" // inc word [504h]
          + "cb"; // retf
  private static final int DONE = 0x504;
  // What returns from it is the routine's end.
  private static final String COUNT_UNDEFINED = "ff060005 83c406 cb"; // inc; add sp, 6; retf
  private static final String COUNT_NOT_AVAILABLE = "ff060205 83c406 cb";
  private static final String ALLOW = "0f20e0 660d00020000 0f22e0"; // or cr4, OSFXSR
  private static final String FORBID = "0f20e0 6625fffdffff 0f22e0";
  private static final String SWITCH_TASK = "0f20c0 6683c808 0f22c0"; // or cr0, TS
  private static final String CLEAR_TASK_SWITCHED = "0f06"; // clts

  private final Arena arena = Arena.ofShared();
  private final List<AddressSpace> memories = new ArrayList<>();

  @AfterEach
  void end() {
    arena.close();
  }

  static Stream<@Nullable TranslationMode> modes() {
    return Stream.of(null, TranslationMode.AT_ONCE);
  }

  private static void put(AddressSpace space, long at, String code) {
    byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
    for (int i = 0; i < bytes.length; i++) {
      space.write(at + i, 1, bytes[i]);
    }
  }

  /** A processor of its own memory in real mode, before the code at 1000h. */
  private X86Cpu processor(@Nullable TranslationMode mode, String code, String management) {
    var memory = new AddressSpace(1L << 32, -1);
    memories.add(memory);
    memory.map(0, MemoryRegion.ram("ram", 1 << 20, arena), 0);
    put(memory, 0x1000, code);
    put(memory, SYSTEM_MANAGEMENT_BASE + 0x8000, management);
    put(memory, 6 * 4, "00300000"); // of undefined opcodes
    put(memory, 7 * 4, "00310000"); // of what is not available
    put(memory, 0x3000, COUNT_UNDEFINED);
    put(memory, 0x3100, COUNT_NOT_AVAILABLE);
    put(memory, 0x5000, ROUTINE);
    memory.write(OPERAND, 4, Float.floatToIntBits(1.5f));
    var pins =
        new InterruptPins() {
          @Override
          public int acknowledge() {
            return -1;
          }
        };
    var ports = new AddressSpace(0x10000, -1);
    var surroundings =
        new CpuSurroundings(memory, ports, pins, () -> 0, () -> 0, EventLog.unread());
    var cpu = new X86Cpu(surroundings, X86Model.MAX, true, mode);
    cpu.state.selector[X86.CS] = 0;
    cpu.state.base[X86.CS] = 0;
    cpu.state.r[Slots.PC] = 0x1000;
    cpu.state.r[Slots.RSP] = 0x8000;
    cpu.state.modeChanged();
    return cpu;
  }

  private void seen(int done, int undefined, int notAvailable) {
    AddressSpace memory = memories.getLast();
    assertEquals(
        List.of((long) done, (long) undefined, (long) notAvailable),
        List.of(memory.read(DONE, 2), memory.read(UNDEFINED, 2), memory.read(NOT_AVAILABLE, 2)));
    long result = done == 0 ? 0 : Float.floatToIntBits(3.0f);
    assertEquals(result, memory.read(RESULT, 4));
  }

  private void management(X86Cpu cpu) {
    cpu.interrupt(2, true);
    assertEquals(ExitReason.HALTED, cpu.run(SECOND));
  }

  @ParameterizedTest
  @MethodSource("modes")
  void theProgramItselfSaysSo(@Nullable TranslationMode mode) {
    String code =
        CALL
            + ALLOW
            + CALL
            + CALL
            + SWITCH_TASK
            + CALL
            + CLEAR_TASK_SWITCHED
            + CALL
            + FORBID
            + CALL
            + HALT;
    assertEquals(ExitReason.HALTED, processor(mode, code, RESUME).run(SECOND));
    seen(3, 2, 1);
  }

  @ParameterizedTest
  @MethodSource("modes")
  void systemManagementBeginsWithoutAndRsmBringsItBack(@Nullable TranslationMode mode) {
    X86Cpu cpu = processor(mode, ALLOW + CALL + HALT + CALL + HALT, CALL + RESUME);
    cpu.run(SECOND);
    seen(1, 0, 0);
    management(cpu);
    seen(1, 1, 0);
    cpu.state.halted = false;
    cpu.run(SECOND);
    seen(2, 1, 0);
    management(cpu);
    seen(2, 2, 0);
  }

  @ParameterizedTest
  @MethodSource("modes")
  void whatSystemManagementAllowsItselfIsOverWithRsm(@Nullable TranslationMode mode) {
    X86Cpu cpu = processor(mode, CALL + HALT + CALL + HALT, ALLOW + CALL + RESUME);
    cpu.run(SECOND);
    seen(0, 1, 0);
    management(cpu);
    seen(1, 1, 0);
    cpu.state.halted = false;
    cpu.run(SECOND);
    seen(1, 2, 0);
  }

  private static byte[] saved(X86Cpu cpu) throws Exception {
    var out = new ByteArrayOutputStream();
    StateOutput.write(List.of(new StateSection.Fields("cpu", 1, cpu)), out);
    return out.toByteArray();
  }

  private static void load(X86Cpu cpu, byte[] state) throws Exception {
    StateInput.read(
        List.of(new StateSection.Fields("cpu", 1, cpu)), new ByteArrayInputStream(state));
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aLoadedStateSaysSo(@Nullable TranslationMode mode) throws Exception {
    String code = CALL + HALT + ALLOW + CALL + HALT + CALL + HALT;
    X86Cpu cpu = processor(mode, code, RESUME);
    cpu.run(SECOND);
    byte[] without = saved(cpu);
    cpu.state.halted = false;
    cpu.run(SECOND);
    byte[] with = saved(cpu);
    seen(1, 1, 0);

    load(cpu, without); // the routine has been decoded with SSE, meanwhile
    cpu.state.r[Slots.PC] = 0x1000;
    cpu.state.halted = false;
    cpu.run(SECOND);
    seen(1, 2, 0);
    load(cpu, with); // and now without
    cpu.state.halted = false;
    cpu.run(SECOND);
    seen(2, 2, 0);
  }

  /** Into system management mode, and out of it. */
  @ParameterizedTest
  @MethodSource("modes")
  void aStateOfSystemManagementSaysSo(@Nullable TranslationMode mode) throws Exception {
    // Halted in there, from where an NMI would not get it out.
    X86Cpu cpu = processor(mode, ALLOW + CALL + HALT + CALL + HALT, HALT + CALL + RESUME);
    cpu.run(SECOND);
    byte[] outside = saved(cpu);
    management(cpu);
    byte[] inside = saved(cpu);
    load(cpu, outside);
    cpu.state.halted = false;
    cpu.run(SECOND);
    seen(2, 0, 0);
    load(cpu, inside);
    cpu.state.halted = false;
    cpu.run(SECOND); // which calls, resumes and is halted as it has been
    seen(2, 1, 0);
    cpu.state.halted = false;
    cpu.run(SECOND);
    seen(3, 1, 0);
  }
}
