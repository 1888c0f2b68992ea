// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.HostAccess;
import dev.strata.system.cpu.translate.TranslationMode;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Vector instructions, interpreted and in regions that were made while they did not fault: faults
 * are raised before anything is written, and control registers count from the next instruction on.
 */
final class VectorRegionTest {
  private static final long DATA_AT = 0x30000;
  private static final int HANDLERS = 0x10000;
  private static final int COUNTER_AT = 0x33000;

  private static final String NO_MORE_FAULTS = "c7042500002100 00000000"; // mov dword [COUNTER], 0

  /** ecx goes from 50 to 1, and rbx is DATA + 0x100 but at the end, when it is as given. */
  private static String loop(String last, String body) {
    String inside = "bb00012000" + "83f901 7505 bb" + last + body; // mov ebx; cmp ecx, 1; jnz; mov
    String clean = inside.replace(" ", "");
    int back = -(clean.length() / 2 + 2 + 6);
    String jump = "%08x".formatted(Integer.reverseBytes(back));
    return NO_MORE_FAULTS + "b932000000" + clean + "ffc9 0f85" + jump + "f4";
  }

  private static String address(int offset) {
    return "%08x".formatted(Integer.reverseBytes(ProgramMachine.DATA + offset));
  }

  /** How code is run. */
  private enum How {
    INTERPRETED(null),
    DIRECT(new TranslationMode(5, false, 100, HostAccess.DIRECT)),
    SEGMENT(new TranslationMode(5, false, 100, HostAccess.SEGMENT));

    final @Nullable TranslationMode mode;

    How(@Nullable TranslationMode mode) {
      this.mode = mode;
    }
  }

  static Stream<How> ways() {
    return Stream.of(How.values());
  }

  private static ProgramMachine run(How how, String hex) {
    var machine = new ProgramMachine(true, how.mode);
    machine.load(HexFormat.of().parseHex(hex.replace(" ", "")));
    machine.cpu.extended.xmm[2] = 0x1111111111111111L;
    machine.cpu.extended.xmm[3] = 0x2222222222222222L;
    machine.run(new Random(7), false);
    if (how.mode != null) {
      assertTrue(Objects.requireNonNull(machine.cpu.translator).translated() > 0);
    }
    return machine;
  }

  private static void assertPageFault(ProgramMachine machine, int offset) {
    assertEquals(-1, machine.ram.memory().get(ValueLayout.JAVA_INT, COUNTER_AT), "page faults");
    assertEquals(ProgramMachine.DATA + offset, machine.cpu.state.cr2);
  }

  private static long data(ProgramMachine machine, int offset) {
    return machine.ram.memory().get(ValueLayout.JAVA_LONG_UNALIGNED, DATA_AT + offset);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void loadThatFaultsInTheSecondPageLeavesTheRegister(How how) {
    // movdqu xmm1, xmm2 by way of xmm0; movdqu xmm1, [rbx]
    String[] loads = {"f30f6f0b", "0f100b", "660f100b", "f20ff00b"};
    for (String load : loads) {
      try (var machine = run(how, loop(address(0xff8), "0f57c9 660f76c9" + load))) {
        assertPageFault(machine, 0x1000);
        assertEquals(-1, machine.cpu.extended.xmm[2]);
        assertEquals(-1, machine.cpu.extended.xmm[3]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void storeThatFaultsInTheSecondPageLeavesTheFirst(How how) {
    String[] stores = {"f30f7f0b", "0f110b", "660f110b"};
    long[] before;
    try (var machine = new ProgramMachine(true, null)) {
      machine.load(new byte[] {(byte) 0xf4});
      machine.run(new Random(7), false);
      before = new long[] {data(machine, 0xff8), data(machine, 0xff1), data(machine, 0x100)};
    }
    for (String store : stores) {
      for (int offset : new int[] {0xff8, 0xff1}) {
        try (var machine = run(how, loop(address(offset), store))) {
          assertPageFault(machine, 0x1000);
          assertEquals(0x1111111111111111L, data(machine, 0x100), "what was stored before");
          assertEquals(before[offset == 0xff8 ? 0 : 1], data(machine, offset), store);
        }
      }
    }
    assertTrue(before[2] != 0x1111111111111111L);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void storeThatMayNotBeFaultsAtItsFirstByte(How how) {
    for (int offset : new int[] {0x2107, 0x1008}) { // not to be written; none
      try (var machine = run(how, loop(address(offset), "0f110b"))) {
        assertPageFault(machine, offset);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void storeAcrossThePageOfCodeIsSeen(How how) {
    // Into the page of the alias of the code, where nothing is, over its end.
    String store = "f30f7f0b" + "4c8b03"; // movdqu [rbx], xmm1; mov r8, [rbx]
    int offset = ProgramMachine.ALIAS - ProgramMachine.DATA + 0xff8;
    try (var machine = run(how, loop(address(offset), store))) {
      assertTrue(machine.hasEnded());
      assertEquals(0x1111111111111111L, machine.cpu.state.r[8]);
      assertEquals(
          0x2222222222222222L,
          machine.ram.memory().get(ValueLayout.JAVA_LONG, ProgramMachine.SECOND_CODE_AT));
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void operandThatIsNotAlignedIsRefused(How how) {
    String[] refused = {
      "0f280b",
      "660f6f0b",
      "0f290b",
      "660f7f0b",
      "660fe70b",
      "660fefcb" /* of a register */,
      "660fef0b",
      "660f740b",
      "660f600b",
      "660f700b1b",
      "660f38000b",
      "660f3a0f0b03",
      "0f540b",
      "660fd20b"
    };
    for (String code : refused) {
      boolean register = code.equals("660fefcb");
      try (var machine = run(how, loop(address(0x108), "660f76c9" + code))) {
        long[] xmm = Arrays.copyOfRange(machine.cpu.extended.xmm, 2, 4);
        if (register) {
          assertTrue(machine.hasEnded());
        } else {
          assertEquals(HANDLERS + 1, machine.cpu.state.r[Slots.PC], code);
          assertArrayEquals(new long[] {-1, -1}, xmm, code);
          assertEquals(1, machine.cpu.state.r[Slots.RCX], code);
        }
      }
    }
  }

  /** Of a loop that 50 times loads, 50 times of which it may. */
  private static String switching(String change, String back) {
    // mov esi, 2; l: mov ecx, 50; m: movdqu xmm1, [rbx]; paddb xmm1, xmm1; dec ecx; jnz m
    String inner = "b932000000" + "f30f6f0b" + "660ffcc9" + "ffc9 75f4";
    String body = (inner + change + back + "ffce").replace(" ", "");
    int jump = -(body.length() / 2 + 6);
    return "be02000000" + body + "0f85%08x".formatted(Integer.reverseBytes(jump)) + "f4";
  }

  private static final String SET_TS = "0f20c0 0c08 0f22c0"; // mov rax, cr0; or al, 8; mov cr0, rax
  private static final String SET_EM = "0f20c0 0c04 0f22c0";
  private static final String CLEAR_TS = "0f06";
  private static final String CLEAR_OSFXSR = "0f20e0 80e4fd 0f22e0"; // and ah, ~2
  private static final String SET_OSFXSR = "0f20e0 80cc02 0f22e0";

  private static void assertStopped(How how, String change, int handler) {
    try (var machine = run(how, switching(change, ""))) {
      X86 state = machine.cpu.state;
      assertEquals(HANDLERS + handler + 1, state.r[Slots.PC], change);
      assertEquals(50, state.r[Slots.RCX], change);
      assertEquals(1, state.r[Slots.RSI], change);
      assertEquals(ProgramMachine.CODE + 10, state.peek(0, 3), "where it stopped");
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void controlRegistersCountFromTheNextInstructionOn(How how) {
    assertStopped(how, SET_TS, 0);
    assertStopped(how, SET_EM, 8);
    assertStopped(how, CLEAR_OSFXSR, 8);
    for (String passing :
        new String[] {
          switching(SET_TS, CLEAR_TS), switching(CLEAR_OSFXSR, SET_OSFXSR), switching("", "")
        }) {
      try (var machine = run(how, passing)) {
        assertTrue(machine.hasEnded(), passing);
        assertEquals(0, machine.cpu.state.r[Slots.RSI]);
      }
    }
  }

  /** What is set in MXCSR meanwhile, code that has been translated heeds. */
  @ParameterizedTest
  @MethodSource("ways")
  void mxcsrCountsFromTheNextInstructionOn(How how) {
    // Inexact: 1 / 3, rounded to nearest, then 1 / 3 by loops with MXCSR on the way.
    String divide = "f20f5eca f20f10d9"; // divsd xmm1, xmm2; movsd xmm3, xmm1
    String[] controls = {"801f0000", "a01f0000", "a03f0000", "a05f0000", "a07f0000", "c09f0000"};
    long[] results = new long[controls.length];
    for (int i = 0; i < controls.length; i++) {
      String body =
          "b803000000 f20f2ad0 b801000000 f20f2ac8" // xmm2 = 3; xmm1 = 1
              + divide;
      // ldmxcsr from the stack, in the last round
      String set = "68" + controls[i] + "83f901 7504 0fae1424 58"; // push; cmp ecx, 1; jnz; ldmxcsr
      try (var machine = run(how, loop(address(0x100), set + body))) {
        assertTrue(machine.hasEnded());
        results[i] = machine.cpu.extended.xmm[6];
        assertTrue((machine.cpu.extended.mxcsr() & 0x20) != 0, "inexact");
      }
    }
    long third = Double.doubleToRawLongBits(1.0 / 3);
    long[] rounded = {third, third, third, third + 1, third, third};
    assertArrayEquals(rounded, results);
  }
}
