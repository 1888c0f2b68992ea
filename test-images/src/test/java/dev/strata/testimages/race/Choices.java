// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.util.Random;

/** Ways to choose by chance. Each finds races that the others hardly ever do. */
final class Choices {
  /** As many turns as a run has, by and large. */
  private static final int USUAL_STEPS = 600;

  private Choices() {}

  /** The way that a seed is for. */
  static Choice of(long seed) {
    var random = new Random(seed);
    return switch (random.nextInt(4)) {
      case 0 -> often(random, 1);
      case 1 -> often(random, 8);
      default -> new Ranks(random, 1 + random.nextInt(12), USUAL_STEPS >> random.nextInt(4));
    };
  }

  /** Somebody else, perhaps, every so many turns. */
  private static Choice often(Random random, int every) {
    return (ready, count, running) ->
        running >= 0 && random.nextInt(every) != 0 ? running : ready[random.nextInt(count)];
  }

  /**
   * The first in rank goes on for as long as it can, but a few times somebody falls back behind all
   * others: one user is held up in the middle of something while the others do much.
   *
   * @see "S. Burckhardt and others, A randomized scheduler with probabilistic guarantees of finding
   *     bugs, 2010"
   */
  private static final class Ranks implements Choice {
    private final Random random;
    private final int[] falls;
    private double[] ranks = new double[0];
    private double last;
    private int steps;

    Ranks(Random random, int count, int steps) {
      this.random = random;
      this.falls = random.ints(count, 0, steps).toArray();
    }

    @Override
    public int next(int[] ready, int count, int running) {
      int highest = ready[count - 1];
      if (highest >= ranks.length) {
        double[] longer = new double[Math.max(highest + 1, 16)];
        System.arraycopy(ranks, 0, longer, 0, ranks.length);
        for (int i = ranks.length; i < longer.length; i++) {
          longer[i] = random.nextDouble();
        }
        ranks = longer;
      }
      for (int fall : falls) {
        if (fall == steps && running >= 0) {
          ranks[running] = --last;
        }
      }
      steps++;
      int best = ready[0];
      for (int i = 1; i < count; i++) {
        best = ranks[ready[i]] > ranks[best] ? ready[i] : best;
      }
      return best;
    }
  }
}
