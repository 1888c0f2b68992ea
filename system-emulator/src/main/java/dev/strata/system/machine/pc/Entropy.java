// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import java.security.SecureRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The host's random numbers; few guests ask for any, so that their source waits for the first. */
final class Entropy implements LongSupplier {
  private @Nullable SecureRandom source;

  @Override
  public synchronized long getAsLong() {
    SecureRandom random = source;
    if (random == null) {
      random = new SecureRandom();
      source = random;
    }
    return random.nextLong();
  }
}
