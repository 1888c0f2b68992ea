// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.cpu.translate.TranslationMode;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Page tables change under what the TLB knows (SDM volume 3, 4.10). */
final class TranslationChangeTest {
  private static final int FIRST = 0x1111; // in the physical page 0x31000
  private static final int SECOND = 0x2222; // in 0x32000

  // Of the linear page 0x208000, whose entry is at 0x5040 of the page tables.
  private static final String TO_FIRST = "48c7042540500000 03100300"; // mov qword [0x5040], 0x31003
  private static final String TO_SECOND = "48c7042540500000 03200300";
  private static final String GLOBALLY_TO_FIRST = "48c7042540500000 03110300";
  private static final String GLOBALLY_TO_SECOND = "48c7042540500000 03210300";
  private static final String READ_TO_EAX = "8b042500802000";
  private static final String READ_TO_ECX = "8b0c2500802000";
  private static final String READ_TO_EDX = "8b142500802000";
  private static final String INVALIDATE = "0f013c2500802000"; // invlpg [0x208000]
  private static final String RELOAD_CR3 = "0f20d9 0f22d9"; // through rcx
  private static final String SET_PGE = "0f20e1 81c980000000 0f22e1";
  private static final String CLEAR_PGE = "0f20e1 81e17fffffff 0f22e1";

  private static final String HALT = "f4";

  private static void run(int eax, int edx, String... code) {
    run(null, eax, edx, -1, code);
    run(TranslationMode.AT_ONCE, eax, edx, -1, code);
  }

  private static void run(
      @Nullable TranslationMode mode, int eax, int edx, int ecx, String... code) {
    try (var machine = new ProgramMachine(true, mode)) {
      machine.load(HexFormat.of().parseHex((String.join("", code) + HALT).replace(" ", "")));
      machine.ram.memory().set(ValueLayout.JAVA_INT, 0x31000, FIRST);
      machine.ram.memory().set(ValueLayout.JAVA_INT, 0x32000, SECOND);
      machine.run(new Random(1), false);
      long[] r = machine.cpu.state.r;
      assertEquals(Integer.toHexString(eax), Long.toHexString(r[Slots.RAX]));
      assertEquals(Integer.toHexString(edx), Long.toHexString(r[Slots.RDX]));
      if (ecx >= 0) {
        assertEquals(Integer.toHexString(ecx), Long.toHexString(r[Slots.RCX]));
      }
    }
  }

  @Test
  void anotherAddressSpaceHasItsOwn() {
    run(FIRST, SECOND, TO_FIRST, READ_TO_EAX, TO_SECOND, RELOAD_CR3, READ_TO_EDX);
    run(FIRST, SECOND, SET_PGE, TO_FIRST, READ_TO_EAX, TO_SECOND, RELOAD_CR3, READ_TO_EDX);
  }

  @Test
  void anEntryIsGlobalOnlyWherePgeSaysSo() {
    String[] code = {GLOBALLY_TO_FIRST, READ_TO_EAX, GLOBALLY_TO_SECOND, RELOAD_CR3, READ_TO_EDX};
    run(FIRST, SECOND, code);
  }

  @Test
  void aGlobalPageStaysUntilItIsInvalidated() {
    String[] code = {
      SET_PGE,
      GLOBALLY_TO_FIRST,
      READ_TO_EAX,
      GLOBALLY_TO_SECOND,
      RELOAD_CR3,
      READ_TO_ECX,
      INVALIDATE,
      READ_TO_EDX
    };
    run(null, FIRST, SECOND, FIRST, code);
    run(TranslationMode.AT_ONCE, FIRST, SECOND, FIRST, code);
  }

  @Test
  void globalPagesGoWithPge() {
    String[] code = {
      SET_PGE, GLOBALLY_TO_FIRST, READ_TO_EAX, GLOBALLY_TO_SECOND, CLEAR_PGE, READ_TO_EDX
    };
    run(FIRST, SECOND, code);
  }

  @Test
  void aLargePageIsInvalidatedByAnyOfItsAddresses() {
    run(
        FIRST,
        SECOND,
        "48c7042520300000 83000000", // 0x800000: 2 MiB from 0 on
        "8b042500108300", // mov eax, [0x831000]
        "48c7042588510000 03200300", // the same page in the table of 0x200000
        "48c7042520300000 03500000", // 0x800000: that table
        "0f013c2500008000", // invlpg [0x800000]
        "8b142500108300"); // mov edx, [0x831000]
  }
}
