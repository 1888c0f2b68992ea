// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When x87, MMX and SSE may run, and what else no random sequence shows. */
final class ExtendedStateTest {
  private static final String SSE = "0f58c1"; // addps xmm0, xmm1
  private static final String MMX = "0ffcc1"; // paddb mm0, mm1
  private static final String X87 = "d9e8"; // fld1
  private static final String SAVE = "0fae07"; // fxsave [rdi]

  private TruthMachine machine;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    machine = new TruthMachine(folder, null);
    machine.begin(new Random(1));
  }

  @AfterEach
  void stop() throws Exception {
    machine.close();
  }

  private long vector(String code, Runnable prepare) {
    return machine.vector(HexFormat.of().parseHex(code), prepare);
  }

  @Test
  void afterATaskSwitchTheFirstUseRaisesDeviceNotAvailable() {
    for (String code : new String[] {SSE, MMX, X87, SAVE, "0fae17"}) {
      assertEquals(7, vector(code, () -> machine.cpu.state.cr0 |= X86.TS), code);
    }
    assertEquals(7, vector("9b", () -> machine.cpu.state.cr0 |= X86.TS | X86.MP));
    assertEquals(-1, vector("9b", () -> machine.cpu.state.cr0 |= X86.TS));
  }

  @Test
  void withEmulationTheX87IsNotAvailableAndTheOthersAreUndefined() {
    assertEquals(7, vector(X87, () -> machine.cpu.state.cr0 |= X86.EM));
    assertEquals(6, vector(SSE, () -> machine.cpu.state.cr0 |= X86.EM));
    assertEquals(6, vector(MMX, () -> machine.cpu.state.cr0 |= X86.EM));
  }

  @Test
  void sseIsUndefinedUntilTheSystemSaysThatItSavesIt() {
    assertEquals(6, vector(SSE, () -> machine.cpu.state.cr4 &= ~X86.OSFXSR));
    assertEquals(-1, vector(MMX, () -> machine.cpu.state.cr4 &= ~X86.OSFXSR));
    assertEquals(-1, vector(SSE, () -> {}));
  }

  @Test
  void unmaskedExceptionsAreUndefinedOpcodesToASystemThatDoesNotTakeThem() {
    Runnable unmasked = () -> machine.cpu.extended.mxcsr(0);
    String division = "0f57c0" + "0f57c9" + "0f5ec1"; // 0 / 0
    assertEquals(19, vector(division, unmasked));
    assertEquals(
        6,
        vector(
            division,
            () -> {
              unmasked.run();
              machine.cpu.state.cr4 &= ~X86.OSXMMEXCPT;
            }));
  }

  @Test
  void areasThatAreNotAlignedAndReservedBitsAreRefused() {
    assertEquals(13, vector("0fae4701", () -> {}));
    assertEquals(13, vector("0fae4f01", () -> {}));
    // mov dword [rdi], 0x10000; ldmxcsr [rdi]
    assertEquals(13, vector("c70700000100" + "0fae17", () -> {}));
  }

  /** Intel SDM, volume 1, 13.7, 13.8 and 13.3. */
  @Test
  void componentsAreSavedBySystemsThatSayTheyDo() {
    X86 state = machine.cpu.state;
    for (String code : new String[] {"0fae27", "0fae2f", "31c90f01d0"}) { // XSAVE, XRSTOR, XGETBV
      assertEquals(6, vector(code, () -> state.cr4 &= ~X86.OSXSAVE), code);
    }
    assertEquals(7, vector("0fae27", () -> state.cr0 |= X86.TS));
    assertEquals(-1, vector("0fae27", () -> state.cr0 |= X86.EM));
    assertEquals(13, vector("0fae6720", () -> {}), "half of an alignment");
    assertEquals(6, vector("660fae27", () -> {}));
    assertEquals(6, vector("f30fae27", () -> {}));
    assertEquals(13, vector("b9010000000f01d0", () -> {}), "there is no XCR1");
    String set = "31c931d2b8%s0000000f01d1"; // xor ecx, ecx; xor edx, edx; mov eax, ...; xsetbv
    assertEquals(-1, vector(set.formatted("01"), () -> {}));
    assertEquals(1, machine.cpu.components.enabled);
    assertEquals(13, vector(set.formatted("02"), () -> {}), "the x87 is always saved");
    assertEquals(13, vector(set.formatted("07"), () -> {}), "there is no AVX");
    assertEquals(13, vector(set.formatted("03"), () -> state.cpl = 3));
  }

  @Test
  void environmentsComeBackAsTheyWereStored() {
    // fld1; fldpi; fnsave [rdi]; frstor [rdi]
    assertEquals(-1, vector("d9e8" + "d9eb" + "dd37" + "dd27", () -> {}));
    ExtendedState state = machine.cpu.extended;
    assertEquals(6, state.top);
    assertEquals(0xc0, state.tags);
    assertEquals(0xc90fdaa22168c235L, state.significand[6]);
    assertEquals(0x3fff, state.exponent[7]);
    // fld1; fnstenv [rdi]; fninit; fldenv [rdi]
    assertEquals(-1, vector("d9e8" + "d937" + "dbe3" + "d927", () -> {}));
    assertEquals(7, state.top);
    assertEquals(0x80, state.tags);
  }

  @Test
  void returningOutwardsKeepsTheBaseOfASegmentWithoutSelector() {
    X86 state = machine.cpu.state;
    machine.vector(new byte[0], () -> {});
    state.selector[X86.FS] = 0;
    state.access[X86.FS] = 0;
    state.base[X86.FS] = 0x7f0012345678L;
    state.selector[X86.DS] = 0x10;
    state.access[X86.DS] = 0x93;
    state.cpl = 3;
    new Segments(state).dropInner();
    assertEquals(0x7f0012345678L, state.base[X86.FS]);
    assertEquals(0, state.selector[X86.DS]);
  }

  @Test
  void transcendentalFunctionsComeAsCloseAsADoubleDoes() throws Exception {
    var random = new Random(3);
    String[] functions = {"d9f0", "d9f1", "d9f3", "d9f9", "d9fe", "d9ff", "d9f2ddd8", "d9fbddd8"};
    for (String function : functions) {
      for (int i = 0; i < 200; i++) {
        machine.begin(random);
        boolean small = function.equals("d9f0") || function.equals("d9f9");
        long limit = small ? 0x3ffc - random.nextInt(40) : 0x3fff - 20 + random.nextInt(24);
        boolean positive = function.equals("d9f1");
        machine.extended.put(4, (byte) 3);
        for (int register = 0; register < 2; register++) {
          machine.extended.putLong(32 + 16 * register, random.nextLong() | Long.MIN_VALUE);
          int sign = positive || random.nextBoolean() ? 0 : 0x8000;
          machine.extended.putShort(40 + 16 * register, (short) (limit | sign));
        }
        double[] tops = machine.tops(HexFormat.of().parseHex(function));
        double off = Math.abs(tops[0] - tops[1]);
        assertTrue(
            off <= Math.abs(tops[1]) * 0x1p-50,
            function + " gives " + tops[0] + ", not " + tops[1]);
      }
    }
  }
}
