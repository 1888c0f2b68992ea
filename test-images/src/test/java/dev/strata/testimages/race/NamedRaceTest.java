// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * In no order with few interruptions do a few users destroy an image in one of the ways in which
 * images have been destroyed. With {@code strata.long} there are more interruptions; {@code
 * strata.race.case} names the one race that is tried.
 */
final class NamedRaceTest {
  private static final String[] SHORT = {"1", "200"};
  private static final String[] LONG = {"2", "20000"};

  private static final TurnLoader LOADER = new TurnLoader();

  static Stream<String> races() {
    return NamedRace.ALL.stream().map(NamedRace::name);
  }

  @ParameterizedTest
  @MethodSource("races")
  void destroysNothing(String name) throws ReflectiveOperationException {
    if (!System.getProperty("strata.race.case", name).equals(name)) {
      return;
    }
    Function<String[], String> run = LOADER.function(NamedRaceRun.class);
    String[] budget = Boolean.getBoolean("strata.long") ? LONG : SHORT;
    System.out.println(name + ": " + run.apply(new String[] {name, budget[0], budget[1]}));
  }
}
