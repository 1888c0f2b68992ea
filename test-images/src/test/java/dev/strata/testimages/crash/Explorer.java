// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Tries power cuts on a kind of image: in all sequences of one operation, of two, of three, and in
 * long ones, mixed so that time runs out evenly over them.
 */
final class Explorer {
  /** How many parts are tried of requests that are too many for all. */
  static final int SAMPLES = 8;

  /** The most states of a long sequence: there are more sequences to come. */
  private static final long MOST_OF_ONE = 2000;

  private static final long MOST_NANOS = 600_000_000_000L;
  private static final int LONG_SEQUENCE = 24;

  private final ImageKind kind;
  private final long seed;
  private final Random random;
  private String now = "";
  private long states;
  private long generated;
  private int workloads;
  private long end; // of the time, by the system's timer
  private long wanted; // states
  private int shortWorkloads;
  private int allShort;

  Explorer(ImageKind kind, long seed) {
    this.kind = kind;
    this.seed = seed;
    this.random = new Random(seed);
  }

  /**
   * Tries until all sequences of up to three were tried, or the time is over and there were so many
   * states.
   */
  void run(long nanos, long states) throws IOException {
    end = System.nanoTime() + nanos;
    wanted = states;
    List<List<Operation>> sequences = sequences();
    allShort = sequences.size();
    for (List<Operation> sequence : sequences) {
      if (isOver()) {
        return;
      }
      run(sequence);
      shortWorkloads++;
      if (shortWorkloads % 16 == 0) {
        run(longSequence());
      }
    }
  }

  private boolean isOver() {
    return System.nanoTime() - end >= 0 && states >= wanted;
  }

  private void run(List<Operation> sequence) throws IOException {
    if (isOver()) {
      return;
    }
    long until = states >= wanted ? end : System.nanoTime() + MOST_NANOS;
    long own = seed + workloads++;
    now = kind.name() + " " + own + " " + Operation.words(sequence);
    Workload.Count count = new Workload(kind, sequence, own, SAMPLES).run(MOST_OF_ONE, until);
    states += count.distinct();
    generated += count.generated();
  }

  /** Those of one and of two operations, then those of three in a random order. */
  private List<List<Operation>> sequences() {
    var one = new ArrayList<List<Operation>>();
    var two = new ArrayList<List<Operation>>();
    var three = new ArrayList<List<Operation>>();
    for (Operation first : Operation.values()) {
      one.add(List.of(first));
      for (Operation second : Operation.values()) {
        two.add(List.of(first, second));
        for (Operation third : Operation.values()) {
          three.add(List.of(first, second, third));
        }
      }
    }
    Collections.shuffle(two, random);
    Collections.shuffle(three, random);
    one.addAll(two);
    one.addAll(three);
    return one;
  }

  private List<Operation> longSequence() {
    var sequence = new ArrayList<Operation>();
    Operation[] all = Operation.values();
    for (int i = 0; i < LONG_SEQUENCE; i++) {
      sequence.add(all[random.nextInt(all.length)]);
    }
    return sequence;
  }

  /** Kind, seed and sequence of the workload that is being tried. */
  String now() {
    return now;
  }

  long states() {
    return states;
  }

  String summary() {
    return String.join(
        " ",
        kind.name() + ":",
        String.valueOf(states),
        "states of",
        String.valueOf(generated),
        "differ and are sound, in",
        String.valueOf(workloads),
        "workloads;",
        String.valueOf(shortWorkloads),
        "of",
        String.valueOf(allShort),
        "short sequences");
  }
}
