// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * No power cut corrupts an image or loses what was flushed. System properties: {@code strata.long}
 * has it take long; {@code strata.crash.kind} names the one kind that is tried, {@code
 * strata.crash.seed} the seed, {@code strata.crash.sequence} the one sequence, {@code
 * strata.crash.seconds} how long each kind is tried, {@code strata.crash.keep} a folder for the
 * files of the state that is found wanting.
 */
final class CrashTest {
  private static final long SHORT_SECONDS = 3;

  // The formats with small blocks need a third of this for all sequences, and end then.
  private static final long LONG_SECONDS = 1800;
  private static final long LONG_STATES = 50_000;
  private static final long FEWEST = 100; // however slow the machine is

  static Stream<String> kinds() {
    return ImageKind.ALL.stream().map(ImageKind::name);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  @Execution(ExecutionMode.CONCURRENT)
  void isSoundAndHoldsWhatWasFlushedAfterAnyPowerCut(String name) throws IOException {
    String only = System.getProperty("strata.crash.kind", name);
    if (!only.equals(name)) {
      return;
    }
    ImageKind kind = ImageKind.named(name);
    long seed = Long.getLong("strata.crash.seed", 1);
    String words = System.getProperty("strata.crash.sequence");
    if (words != null) {
      new Workload(kind, Operation.parse(words), seed, Explorer.SAMPLES)
          .run(Long.MAX_VALUE, System.nanoTime() + Long.MAX_VALUE / 2);
      return;
    }
    boolean isLong = Boolean.getBoolean("strata.long");
    long seconds = Long.getLong("strata.crash.seconds", isLong ? LONG_SECONDS : SHORT_SECONDS);
    var explorer = new Explorer(kind, seed);
    long wanted = isLong ? LONG_STATES : FEWEST;
    explorer.run(seconds * 1_000_000_000L, wanted);
    System.out.println(explorer.summary());
    assertTrue(explorer.states() >= wanted, () -> "few: " + explorer.summary());
  }
}
