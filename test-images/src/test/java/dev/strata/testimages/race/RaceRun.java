// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import dev.strata.testimages.crash.ImageKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * Races inside a {@link TurnLoader}. Takes a kind and a seed, and {@code story} if that is wanted;
 * gives back turns and digest in words.
 */
public final class RaceRun implements Function<String[], String> {
  private static final int MOST_TOLD = 400; // turns

  /** For {@link ScheduleTest}. */
  public RaceRun() {}

  @Override
  public String apply(String[] words) {
    ImageKind kind = ImageKind.named(words[0]);
    long seed = Long.parseLong(words[1]);
    List<String> story = words.length > 2 ? new ArrayList<>() : null;
    try {
      boolean small = new Random(seed).nextBoolean();
      var race = new Race(kind, Choices.of(seed), story, small);
      race.addUsers(seed);
      Race.Outcome outcome = race.run();
      return outcome.turns() + " turns, digest " + Long.toHexString(outcome.digest());
    } catch (Throwable e) {
      int told = story == null ? 0 : Math.max(0, story.size() - MOST_TOLD);
      String tale =
          story == null ? "" : "\n" + String.join("\n", story.subList(told, story.size()));
      throw new IllegalStateException(e + tale, e);
    }
  }
}
