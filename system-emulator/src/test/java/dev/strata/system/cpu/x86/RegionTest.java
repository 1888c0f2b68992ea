// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.cpu.translate.Translator;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Translated, random programs do what they do interpreted. */
final class RegionTest {
  private static final int PROGRAMS =
      Boolean.getBoolean("strata.long") ? 50_000 : Integer.getInteger("strata.programs", 1500);

  private static void compare(boolean wide, int programs, int runs, TranslationMode mode) {
    long seed = Long.getLong("strata.seed", 1);
    try (var interpreted = new ProgramMachine(wide, null);
        var translated = new ProgramMachine(wide, mode)) {
      for (int i = 0; i < programs; i++) {
        one(interpreted, translated, wide, seed + i, runs);
      }
      Translator translator = Objects.requireNonNull(translated.cpu.translator);
      assertTrue(translator.translated() > programs, "few regions: " + translator.translated());
    }
  }

  private static void one(
      ProgramMachine interpreted, ProgramMachine translated, boolean wide, long seed, int runs) {
    var program = RandomProgram.make(new Random(seed), wide);
    byte[] bytes = program.bytes(ProgramMachine.CODE);
    interpreted.load(bytes);
    translated.load(bytes);
    for (int run = 0; run < runs; run++) {
      boolean alias = run % 4 == 2;
      interpreted.run(new Random(seed * runs + run), alias);
      translated.run(new Random(seed * runs + run), alias);
      String what = "seed " + seed + " run " + run + " " + HexFormat.of().formatHex(bytes) + "\n";
      assertEquals(state(interpreted), state(translated), what);
      long at = interpreted.ram.memory().mismatch(translated.ram.memory());
      assertEquals(-1, at, () -> what + "memory at " + Long.toHexString(at));
      if (!program.changesItself) {
        assertEquals(interpreted.cpu.instructions(), translated.cpu.instructions(), what);
      }
    }
    assertTrue(interpreted.cpu.instructions() > 0);
  }

  private static String state(ProgramMachine machine) {
    X86 state = machine.cpu.state;
    return machine.cpu.describe()
        + " halted "
        + state.halted
        + " shutdown "
        + state.shutdown
        + " arithmetic "
        + Long.toHexString(state.core.flags());
  }

  @Test
  void wideProgramsDoWhatTheyDoInterpreted() {
    compare(true, PROGRAMS, 4, new TranslationMode(3, false, 200));
  }

  @Test
  void wideProgramsTranslatedAtOnceDoToo() {
    compare(true, PROGRAMS / 2, 4, TranslationMode.AT_ONCE);
  }

  @Test
  void narrowProgramsDoWhatTheyDoInterpreted() {
    compare(false, PROGRAMS, 4, new TranslationMode(3, false, 200));
  }

  @Test
  void programsTranslatedInTheBackgroundDoToo() {
    compare(true, PROGRAMS / 50, 200, new TranslationMode(2, true, 60));
  }
}
