// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.formats.mutation.Campaign;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Damaged images of all kinds are answered with errors, and never damaged further. */
final class Qcow2DamageTest {
  private static final int CASES = 20;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void damageIsAnsweredWithErrorsAndSpreadsNoFurther(Qcow2Seeds seed) throws Exception {
    Path original = Files.createDirectory(folder.resolve("seed"));
    Path trials = Files.createDirectory(folder.resolve("trials"));
    new Campaign(seed.make(original), trials).run(CASES);
  }
}
