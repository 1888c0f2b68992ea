// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.io.IOException;

/** Where Jazzer comes in, in a process of its own; {@code strata.fuzz.target} says which target. */
public final class JazzerEntry {
  /** The property that names the target. */
  static final String TARGET = "strata.fuzz.target";

  /** Each branch and comparison tells the fuzzer: measured at up to 27 times the usual time. */
  private static final int SLOWER = 30;

  private static FuzzTarget target;

  private JazzerEntry() {}

  /** Called once. */
  public static void fuzzerInitialize() {
    target = Targets.named(System.getProperty(TARGET, ""));
    for (byte[] seed : target.seeds()) {
      try {
        target.run(seed); // classes are loaded and changed, which no input shall be blamed for
      } catch (IOException e) {
        // It will be tried again.
      }
    }
  }

  /** Called with each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    Trial.run(target, input, SLOWER * Trial.MAX_NANOS);
  }
}
