// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether all that was done to one block can have happened one after the other, each at some moment
 * between its beginning and its end, so that every read found what was there.
 *
 * @see "M. Herlihy and J. Wing, Linearizability: a correctness condition for concurrent objects,
 *     1990"
 */
final class BlockHistory {
  /** In place of the value of a block behind the disk's end. */
  static final long ABSENT = Long.MIN_VALUE;

  private static final int MOST = 63; // each has a bit

  private record State(long done, long value, List<Long> kept) {}

  private final int block;
  private final long below;
  private final List<Access> accesses = new ArrayList<>();
  private final Set<State> failed = new HashSet<>();
  private final long[] kept; // by snapshot, as the search goes

  /**
   * Of what was done to a block.
   *
   * @param below what the backing file holds there
   * @param kept what each snapshot holds of the block at first
   */
  BlockHistory(int block, long below, long[] kept, List<Access> all) {
    this.block = block;
    this.below = below;
    this.kept = kept.clone();
    for (Access access : all) {
      boolean matters = access.kind() != Access.Kind.READ || !access.failed();
      if (access.touches(block) && matters) {
        accesses.add(access);
      }
    }
    if (accesses.size() > MOST) {
      throw new IllegalArgumentException(accesses.size() + " accesses of block " + block);
    }
  }

  /** What is wrong if the block held that value at first; empty if nothing is. */
  String wrong(long initial) {
    if (fits(0, initial)) {
      return "";
    }
    var text = new StringBuilder("block ").append(block).append(" began with ");
    text.append(Long.toHexString(initial)).append(", no order explains");
    for (Access access : accesses) {
      text.append("\n    ").append(access.describe(block));
    }
    return text.toString();
  }

  private boolean fits(long done, long value) {
    if (done == (1L << accesses.size()) - 1) {
      return true;
    }
    int firstEnd = Integer.MAX_VALUE;
    for (int i = 0; i < accesses.size(); i++) {
      if ((done >>> i & 1) == 0) {
        firstEnd = Math.min(firstEnd, accesses.get(i).end());
      }
    }
    // A look that finds what is there changes nothing: none of the rest is worse off after it.
    for (int i = 0; i < accesses.size(); i++) {
      if (mayBeNext(done, i, firstEnd) && isSeen(accesses.get(i), value)) {
        return fits(done | 1L << i, value);
      }
    }
    var state = new State(done, value, Arrays.stream(kept).boxed().toList());
    if (failed.contains(state)) {
      return false;
    }
    for (int i = 0; i < accesses.size(); i++) {
      if (mayBeNext(done, i, firstEnd) && fitsAfter(accesses.get(i), done | 1L << i, value)) {
        return true;
      }
    }
    failed.add(state);
    return false;
  }

  private boolean mayBeNext(long done, int index, int firstEnd) {
    return (done >>> index & 1) == 0 && accesses.get(index).start() < firstEnd;
  }

  private boolean isSeen(Access access, long value) {
    return switch (access.kind()) {
      case READ -> access.value(block) == value;
      case LOOK -> {
        long held = kept[access.snapshot()];
        yield held == ABSENT || access.value(block) == held;
      }
      default -> false;
    };
  }

  private boolean fitsAfter(Access access, long done, long value) {
    boolean not = access.failed() && fits(done, value);
    return not
        || switch (access.kind()) {
          case READ, LOOK, FLUSH -> false;
          // Whoever got through did so before the end came nearer.
          case WRITE -> value != ABSENT && fits(done, access.value(block));
          case ZERO -> value != ABSENT && fits(done, 0);
          case CUT -> fits(done, ABSENT);
          case GROW -> fits(done, value == ABSENT ? 0 : value);
          case DISCARD ->
              fits(done, value) || (value != ABSENT && (fits(done, 0) || fits(done, below)));
          case BRING_BACK -> fits(done, kept[access.snapshot()]);
          case KEEP -> {
            long before = kept[access.snapshot()];
            kept[access.snapshot()] = value;
            boolean good = fits(done, value);
            kept[access.snapshot()] = before;
            yield good;
          }
        };
  }
}
