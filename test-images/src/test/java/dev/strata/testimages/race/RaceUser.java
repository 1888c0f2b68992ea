// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import dev.strata.testimages.crash.ImageKind;
import dev.strata.testimages.crash.PreparedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One of many users of an image; what it does next is a matter of its seed alone. */
final class RaceUser {
  /** What users are there for. */
  enum Role {
    /** Reads, writes, takes away, flushes. */
    GUEST,
    /** Takes snapshots and deletes its own. */
    KEEPER,
    /** A keeper that goes back to them, too. */
    REVERTER,
    /** Makes the disk shorter and longer; there may be one of them. */
    RESIZER
  }

  private static final int HOT_CLUSTERS = 6; // few, so that users meet

  private final Contest contest;
  private final Role role;
  private final int number;
  private final Random random;
  private final int length; // of the disk at first, in blocks
  private final List<String> own = new ArrayList<>(); // snapshots

  RaceUser(Contest contest, Role role, int number, long seed) {
    this.contest = contest;
    this.role = role;
    this.number = number;
    this.random = new Random(seed);
    this.length = contest.length();
    if (number == 0 && contest.kind().has(ImageKind.Trait.SNAPSHOT)) {
      own.add(PreparedImage.FIRST_SNAPSHOT);
    }
  }

  /** Does so many things. */
  void run(int deeds) {
    for (int i = 0; i < deeds; i++) {
      switch (role) {
        case GUEST -> guest();
        case KEEPER, REVERTER -> keep();
        case RESIZER -> resize();
      }
    }
  }

  private void guest() {
    int cluster = contest.kind().clusterBlocks();
    int first = random.nextInt(HOT_CLUSTERS) * cluster;
    if (contest.floor() < length && random.nextInt(3) == 0) {
      first = contest.floor() + random.nextInt(2) * cluster; // where the disk comes and goes
    }
    int count = cluster;
    int shape = random.nextInt(4);
    if (shape == 0) {
      first += random.nextInt(cluster);
      count = Math.max(1, random.nextInt(cluster));
    } else if (shape == 1) {
      first += cluster / 2;
      count = Math.max(2, 2 * cluster);
    }
    count = Math.min(count, length - first);
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> contest.write(number, first, count);
      case 4, 5 -> contest.read(number, first, count);
      case 6 -> contest.zero(number, first, count, true);
      case 7 -> contest.zero(number, first, count, false);
      case 8, 9 -> contest.discard(number, first, count);
      default -> contest.flush(number);
    }
  }

  private void keep() {
    boolean full = own.size() > 2;
    int what = random.nextInt(own.isEmpty() ? 1 : 3);
    if (what == 2 && role == Role.REVERTER) {
      contest.applySnapshot(number, own.get(random.nextInt(own.size())));
    } else if (what > 0 || full) {
      contest.deleteSnapshot(number, own.remove(random.nextInt(own.size())));
    } else {
      String name = contest.createSnapshot(number);
      if (!name.isEmpty()) {
        own.add(name);
      }
    }
  }

  private void resize() {
    int cluster = contest.kind().clusterBlocks();
    int floor = contest.floor();
    // Whole clusters: of a cluster cut in two, the rest comes back as it was, as the reference has
    // it.
    int to = floor + random.nextInt((length - floor) / cluster + 2) * cluster;
    if (to != contest.length()) {
      contest.resize(number, to);
    }
  }
}
