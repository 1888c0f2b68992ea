// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.Checkable.Result;
import dev.strata.formats.table.EntryTable;
import java.util.BitSet;

/** One check of an image, with the findings and words of the reference, which repairs nothing. */
final class VdiCheck {
  /**
   * A map whose file has ended reads as zeroes, by the hundred million: so many are told of, and
   * all are counted.
   */
  private static final int MAX_LINES = 100_000;

  private final EntryTable map;
  private final Listener listener;
  private long corruptions;

  VdiCheck(EntryTable map, Listener listener) {
    this.map = map;
    this.listener = listener;
  }

  Result result() {
    return new Result(corruptions, 0, 0, 0, 0, 0, -1, -1, -1, -1);
  }

  /** Checks against the number of places in the header. */
  void run(long storedCount) throws BlockException {
    var used = new BitSet();
    long allocated = 0;
    int same;
    for (int i = 0; i < map.count(); i += same) {
      long place = map.get(i);
      // Many of one kind are passed over at once: a map that a header claims costs little.
      same = map.run(i, map.count() - i, place);
      if (!MapEntry.isAllocated(place)) {
        continue;
      }
      if (place >= map.count()) {
        int told = count(same);
        for (int k = i; k < i + told; k++) {
          listener.found("ERROR: block index " + k + " too large, is " + place);
        }
        continue;
      }
      allocated += same;
      int told = count(used.get((int) place) ? same : same - 1);
      for (int k = 0; k < told; k++) {
        listener.found("ERROR: block index " + place + " also used by " + place);
      }
      used.set((int) place);
    }
    if (corruptions > MAX_LINES) {
      listener.found("ERROR: " + (corruptions - MAX_LINES) + " more of these");
    }
    if (allocated != storedCount) {
      corruptions++;
      listener.found(
          "ERROR: allocated blocks mismatch, is " + allocated + ", should be " + storedCount);
    }
  }

  /** Counts findings. The answer is how many are told of: the other lines are not even made. */
  private int count(int findings) {
    long left = Math.max(0, MAX_LINES - corruptions);
    corruptions += findings;
    return (int) Math.min(findings, left);
  }
}
