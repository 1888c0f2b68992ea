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
    for (int i = 0; i < map.count(); i++) {
      i += map.run(i, map.count() - i, MapEntry.UNALLOCATED);
      long place = i < map.count() ? map.get(i) : MapEntry.UNALLOCATED;
      if (!MapEntry.isAllocated(place)) {
        continue;
      }
      if (place >= map.count()) {
        if (counted()) {
          listener.found("ERROR: block index " + i + " too large, is " + place);
        }
        continue;
      }
      allocated++;
      if (used.get((int) place) && counted()) {
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

  /** Counts a finding. The answer is whether it is told of: its line is not made for nothing. */
  private boolean counted() {
    corruptions++;
    return corruptions <= MAX_LINES;
  }
}
