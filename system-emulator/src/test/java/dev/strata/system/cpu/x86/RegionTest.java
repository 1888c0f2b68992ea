// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.HostAccess;
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

  private static final long MOST_NANOS = 1_000_000_000; // for a program that gets no region
  private static final int AFTERWARDS = 100; // runs of a program with a region

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
    var program = new Program(interpreted, translated, wide, seed);
    for (int run = 0; run < runs; run++) {
      program.run(run);
    }
    assertTrue(interpreted.cpu.instructions() > 0);
  }

  /** One program, in both machines. */
  private static final class Program {
    final RandomProgram made;
    private final ProgramMachine interpreted;
    private final ProgramMachine translated;
    private final long seed;
    private final byte[] bytes;

    Program(ProgramMachine interpreted, ProgramMachine translated, boolean wide, long seed) {
      this.interpreted = interpreted;
      this.translated = translated;
      this.seed = seed;
      made = RandomProgram.make(new Random(seed), wide);
      bytes = made.bytes(ProgramMachine.CODE);
      interpreted.load(bytes);
      translated.load(bytes);
    }

    String what(int run) {
      return "seed " + seed + " run " + run + " " + HexFormat.of().formatHex(bytes) + "\n";
    }

    void run(int run) {
      boolean alias = run % 4 == 2;
      interpreted.run(new Random(seed * 1000 + run), alias);
      translated.run(new Random(seed * 1000 + run), alias);
      assertEquals(state(interpreted), state(translated), what(run));
      long at = interpreted.ram.memory().mismatch(translated.ram.memory());
      assertEquals(-1, at, () -> what(run) + "memory at " + Long.toHexString(at));
      if (!made.changesItself) {
        assertEquals(interpreted.cpu.instructions(), translated.cpu.instructions(), what(run));
      }
    }
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
    compare(true, PROGRAMS, 4, new TranslationMode(3, false, 200, HostAccess.DIRECT));
  }

  @Test
  void wideProgramsTranslatedAtOnceDoToo() {
    compare(true, PROGRAMS / 2, 4, TranslationMode.AT_ONCE);
  }

  @Test
  void narrowProgramsDoWhatTheyDoInterpreted() {
    compare(false, PROGRAMS, 4, new TranslationMode(3, false, 200, HostAccess.SEGMENT));
  }

  /** Whenever a region is put to use, even between two halves of a program. */
  @Test
  void programsTranslatedInTheBackgroundDoToo() {
    long seed = Long.getLong("strata.seed", 1);
    try (var interpreted = new ProgramMachine(true, null);
        var translated =
            new ProgramMachine(true, new TranslationMode(2, true, 60, HostAccess.DIRECT))) {
      Translator translator = Objects.requireNonNull(translated.cpu.translator);
      for (int i = 0; i < PROGRAMS / 50; i++) {
        var program = new Program(interpreted, translated, true, seed + i);
        int before = translator.translated();
        long end = System.nanoTime() + MOST_NANOS;
        for (int run = 0, more = AFTERWARDS; more > 0 && System.nanoTime() < end; run++) {
          program.run(run);
          more -= translator.translated() > before ? 1 : 0;
        }
      }
      assertTrue(translator.translated() > PROGRAMS / 100, () -> "" + translator.translated());
    }
  }

  /** A loop's blocks become hot together, and again and again until the JIT is done. */
  @Test
  void loopOfManyBlocksBecomesOneRegion() {
    // mov ecx, 1000000; 8 times jmp to what follows; dec ecx; jnz to the first of them; hlt
    byte[] loop = HexFormat.of().parseHex("b940420f00" + "eb00".repeat(8) + "49" + "75ed" + "f4");
    try (var machine =
        new ProgramMachine(false, new TranslationMode(1000, true, 200, HostAccess.DIRECT))) {
      machine.load(loop);
      Translator translator = Objects.requireNonNull(machine.cpu.translator);
      long end = System.nanoTime() + 60 * MOST_NANOS;
      while (translator.translated() == 0 && System.nanoTime() < end) {
        machine.run(new Random(1), false);
      }
      machine.run(new Random(1), false);
      assertEquals(1, translator.translated());
    }
  }
}
