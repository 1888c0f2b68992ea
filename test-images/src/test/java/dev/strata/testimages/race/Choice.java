// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

/** Whose turn it is. */
public interface Choice {
  /**
   * Chooses one.
   *
   * @param ready the users who can go on, by number, in ascending order
   * @param count how many these are, at least 1
   * @param running who had the last turn; -1 if that one cannot go on
   * @return one of {@code ready}
   */
  int next(int[] ready, int count, int running);
}
