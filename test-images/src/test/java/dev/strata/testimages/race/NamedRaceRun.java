// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import dev.strata.testimages.crash.ImageKind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Tries a {@link NamedRace} inside a {@link TurnLoader}. Takes its name, how many interruptions
 * there are at most, and how many orders; gives back how many were tried.
 */
public final class NamedRaceRun implements Function<String[], String> {
  /** For {@link NamedRaceTest}. */
  public NamedRaceRun() {}

  @Override
  public String apply(String[] words) {
    NamedRace named = NamedRace.named(words[0]);
    var order = new Preemptions(Integer.parseInt(words[1]));
    int most = Integer.parseInt(words[2]);
    int tried = 0;
    boolean more = true;
    while (more && tried < most) {
      run(named, order, () -> "order " + order.describe());
      tried++;
      more = order.advance();
    }
    if (!more) {
      return tried + " orders, which are all";
    }
    // All are too many, and those that were tried begin alike: some by chance.
    for (long seed = 1; seed <= most / 4; seed++) {
      String number = "seed " + seed;
      run(named, Choices.of(seed), () -> number);
    }
    return tried + " orders, and " + most / 4 + " by chance";
  }

  private static void run(NamedRace named, Choice choice, Supplier<String> what) {
    List<String> story = new ArrayList<>();
    try {
      var race = new Race(ImageKind.named(named.kind()), choice, story, named.smallCaches());
      race.contest().floor(shortest(named));
      for (Consumer<Contest> user : named.users()) {
        race.add(() -> user.accept(race.contest()));
      }
      race.run();
    } catch (Throwable e) {
      throw new IllegalStateException(e + "\n  " + what.get() + "\n" + String.join("\n", story), e);
    }
  }

  /** Where the disk may end. */
  private static int shortest(NamedRace named) {
    ImageKind kind = ImageKind.named(named.kind());
    boolean resizes = named.name().contains("disk-ends");
    return (resizes ? 24 : kind.clusters()) * kind.clusterBlocks();
  }
}
