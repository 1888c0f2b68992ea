// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Which children read the same. They are compared piece by piece: two that once differed stay
 * apart.
 *
 * <p>A version is known by its first child's index.
 */
final class VersionVote {
  /** A child that has no vote: it could not be read. */
  static final int NONE = -1;

  private final int[] version;

  /** All {@code children} read the same so far. */
  VersionVote(int children) {
    version = new int[children];
  }

  /** The child could not be read. */
  void drop(int child) {
    version[child] = NONE;
  }

  boolean has(int child) {
    return version[child] != NONE;
  }

  int version(int child) {
    return version[child];
  }

  /**
   * Takes note of a piece.
   *
   * @param pieces what each child read; those without a vote are not looked at
   */
  void compare(MemorySegment[] pieces) {
    int[] before = version.clone();
    Arrays.fill(version, NONE);
    for (int i = 0; i < version.length; i++) {
      if (before[i] == NONE) {
        continue;
      }
      int same = i;
      for (int j = 0; j < i && same == i; j++) {
        boolean first = version[j] == j && before[j] == before[i];
        if (first && pieces[j].mismatch(pieces[i]) < 0) {
          same = j;
        }
      }
      version[i] = same;
    }
  }

  /** The version that most children read; of several the one whose first child comes last. */
  int winner() {
    int winner = NONE;
    int most = 0;
    for (int each : version) {
      int votes = votes(each);
      if (each != NONE && (votes > most || (votes == most && each > winner))) {
        winner = each;
        most = votes;
      }
    }
    return winner;
  }

  /** How many children read that version. */
  int votes(int wanted) {
    int votes = 0;
    for (int each : version) {
      votes += each == wanted ? 1 : 0;
    }
    return votes;
  }
}
