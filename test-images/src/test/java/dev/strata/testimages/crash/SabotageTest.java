// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The explorer notices each rule of order that is broken: by the one workload that is known to show
 * it or, with {@code strata.long}, by all that it tries of a kind in a minute.
 */
final class SabotageTest {
  private static final String LONG_SECONDS = "60";

  static Stream<String> switches() {
    return Switch.ALL.stream().map(Switch::name);
  }

  private static Switch named(String name) {
    return Switch.ALL.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  @SuppressWarnings("unchecked")
  private static String explore(Sabotage loader, String... words)
      throws ReflectiveOperationException {
    Class<?> run = loader.loadClass(SabotagedRun.class.getName());
    var explorer = (Function<String[], String>) run.getConstructor().newInstance();
    return explorer.apply(words);
  }

  @ParameterizedTest
  @MethodSource("switches")
  void isNoticed(String name) throws ReflectiveOperationException {
    Switch broken = named(name);
    var loader = new Sabotage(broken.edits());
    assertEquals(List.of(), loader.missing(), "the code is another one now: nothing was broken");
    String found =
        Boolean.getBoolean("strata.long")
            ? explore(loader, broken.kind(), LONG_SECONDS, "")
            : explore(loader, broken.kind(), broken.seed(), broken.sequence());
    assertFalse(found.isEmpty(), "not noticed");
    System.out.println(name + ": " + found.lines().findFirst().orElseThrow());
  }

  @Test
  void thereAreFortySwitches() {
    assertTrue(Switch.ALL.size() >= 40);
    assertEquals(Switch.ALL.size(), switches().distinct().count());
  }

  /** What is noticed is the broken rule, not the workload or the class loader. */
  @Test
  void theSameWorkloadsFindNothingWrongWithoutSabotage() throws ReflectiveOperationException {
    var loader = new Sabotage(List.of());
    for (Switch one : Switch.ALL) {
      assertEquals("", explore(loader, one.kind(), one.seed(), one.sequence()), one.name());
    }
  }
}
