// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.util.function.Function;

/**
 * Explores inside a class loader of {@link Sabotage}. Takes a kind, a number of seconds and a seed,
 * or a kind, a seed and a sequence; gives back what was found, or nothing.
 */
public final class SabotagedRun implements Function<String[], String> {
  private static final long NANOS = 1_000_000_000L;

  /** For {@link SabotageTest}. */
  public SabotagedRun() {}

  @Override
  public String apply(String[] words) {
    ImageKind kind = ImageKind.named(words[0]);
    Explorer explorer = null;
    try {
      if (words[2].isEmpty()) {
        explorer = new Explorer(kind, 1);
        explorer.run(Long.parseLong(words[1]) * NANOS, 0);
      } else {
        var workload =
            new Workload(
                kind, Operation.parse(words[2]), Long.parseLong(words[1]), Explorer.SAMPLES);
        workload.run(Long.MAX_VALUE, System.nanoTime() + 600 * NANOS);
      }
    } catch (Exception | StackOverflowError | AssertionError e) {
      // Whatever goes wrong, a user would notice it.
      return explorer == null ? String.valueOf(e) : explorer.now() + " " + e;
    }
    return "";
  }
}
