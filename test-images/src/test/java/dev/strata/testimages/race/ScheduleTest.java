// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import dev.strata.testimages.crash.ImageKind;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sixteen users of one image, in many orders: all that was read can be explained, and a check of
 * the closed image finds nothing. System properties: {@code strata.race.kind} names the one kind
 * that is tried, {@code strata.race.seed} the one order, {@code strata.race.schedules} how many
 * orders of each kind, {@code strata.long} that there are 10 000.
 */
final class ScheduleTest {
  private static final int FEW = 100;
  private static final int MANY = 10_000;
  private static final int REPLAYS = 20;

  private static final TurnLoader WHOLE = new TurnLoader();

  private static Function<String[], String> run(Set<String> without)
      throws ReflectiveOperationException {
    return new TurnLoader(without).function(RaceRun.class);
  }

  static Stream<String> kinds() {
    return ImageKind.ALL.stream().map(ImageKind::name);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyReadIsExplainedAndTheImageIsSound(String kind) throws ReflectiveOperationException {
    if (!System.getProperty("strata.race.kind", kind).equals(kind)) {
      return;
    }
    Function<String[], String> run = WHOLE.function(RaceRun.class);
    Long one = Long.getLong("strata.race.seed");
    if (one != null) {
      System.out.println(run.apply(new String[] {kind, String.valueOf(one), "story"}));
      return;
    }
    int many = Boolean.getBoolean("strata.long") ? MANY : FEW;
    boolean large = ImageKind.named(kind).has(ImageKind.Trait.FULL_TABLE);
    int schedules = Integer.getInteger("strata.race.schedules", large ? many / 10 : many);
    for (int seed = 1; seed <= schedules; seed++) {
      try {
        assertFalse(run.apply(new String[] {kind, String.valueOf(seed)}).isEmpty());
      } catch (IllegalStateException e) {
        fail(
            "kind "
                + kind
                + ", seed "
                + seed
                + ": "
                + e.getMessage()
                + "\n  again: mvn -pl test-images -am verify -Dtest=ScheduleTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dstrata.race.kind="
                + kind
                + " -Dstrata.race.seed="
                + seed,
            e);
      }
    }
    System.out.println(kind + ": " + schedules + " schedules, each read explained, all sound");
  }

  @Test
  void aSeedGivesTheSameTurnsEveryTime() throws ReflectiveOperationException {
    for (String kind : List.of("qcow2-v3", "qcow2-small", "parallels")) {
      for (int seed = 1; seed <= 5; seed++) {
        String[] words = {kind, String.valueOf(seed)};
        String first = run(Set.of()).apply(words);
        Function<String[], String> again = run(Set.of());
        for (int i = 0; i < REPLAYS; i++) {
          assertEquals(first, again.apply(words));
          // Another one in between must not matter.
          assertFalse(again.apply(new String[] {kind, String.valueOf(1000 + i)}).isEmpty());
        }
      }
    }
  }

  static Stream<String> locks() {
    return TurnLoader.BREAKABLE.stream();
  }

  /** What is found is there to be found: without a lock, something goes wrong. */
  @ParameterizedTest
  @MethodSource("locks")
  void aMissingLockIsNoticed(String lock) throws ReflectiveOperationException {
    Function<String[], String> run = run(Set.of(lock));
    String found = "";
    for (String kind : List.of("qcow2-v3", "qcow2-small", "qcow2-backing", "parallels")) {
      for (int seed = 1; seed <= FEW && found.isEmpty(); seed++) {
        try {
          assertFalse(run.apply(new String[] {kind, String.valueOf(seed)}).isEmpty());
        } catch (IllegalStateException e) {
          found = kind + " " + seed + " " + e.getMessage();
        }
      }
    }
    assertFalse(found.isEmpty(), "not noticed");
    System.out.println(lock + ": " + found.lines().findFirst().orElseThrow());
  }
}
