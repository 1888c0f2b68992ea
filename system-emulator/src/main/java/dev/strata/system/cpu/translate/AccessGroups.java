// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which of a block's accesses to memory lie so near each other, as their operands tell, that they
 * are mostly in one page: the first of such a group asks the TLB for all of them.
 *
 * <p>Values of slots are followed as far as constants are added to them. A call ends all groups,
 * for it may change what addresses lead to.
 */
final class AccessGroups {
  /** Bytes from a group's first to its last one: what crosses a page is slow for all of it. */
  private static final int MOST_BYTES = 256;

  /** Accesses of which each is some constant bytes behind a common address. */
  static final class Group {
    /** The operation that comes first. */
    final int first;

    /** Whether one of them writes. */
    boolean writes;

    private long lowest;
    private long highest; // of the last byte
    private int members;

    Group(int first, long displacement) {
      this.first = first;
      this.lowest = displacement;
      this.highest = displacement;
    }

    /** From its first byte to its last one. */
    int bytes() {
      return (int) (highest - lowest) + 1;
    }

    private boolean takes(long displacement, int size) {
      long low = Math.min(lowest, displacement);
      long high = Math.max(highest, displacement + size - 1);
      // Far apart, or around the end of the numbers.
      if (high - low < 0 || high - low >= MOST_BYTES || displacement > high) {
        return false;
      }
      lowest = low;
      highest = high;
      members++;
      return true;
    }
  }

  /** What the addresses of a group have in common. */
  private record Origin(int root, int index, int scale, boolean wraps) {}

  private static final int NO_INDEX = -1;

  /** Of no operations. */
  static final AccessGroups NONE = new AccessGroups(0);

  private final @Nullable Group[] groups;
  private final long[] displacements;

  private AccessGroups(int operations) {
    groups = new @Nullable Group[operations];
    displacements = new long[operations];
  }

  /** Those of a block's operations. */
  static AccessGroups of(long[] code, SlotRoles roles) {
    var found = new AccessGroups(code.length);
    // Of 64 bits, and of 32 for addresses that wrap there.
    var wide = new Values(roles, 0);
    var narrow = new Values(roles, 32);
    var open = new ArrayList<Origin>();
    var last = new ArrayList<Group>();
    for (int i = 0; i < code.length; i++) {
      long w = code[i];
      int operation = (int) w & 127;
      if (Op.accesses(operation) && (w & Op.IMMEDIATE) == 0) {
        found.add(i, w, (w & Op.ADDRESS32) != 0 ? narrow : wide, open, last);
      } else if (operation == Op.CALL) {
        open.clear();
        last.clear();
      }
      wide.after(w);
      narrow.after(w);
    }
    for (int i = 0; i < code.length; i++) {
      Group group = found.groups[i];
      if (group != null && group.members == 1) {
        found.groups[i] = null;
      }
    }
    return found;
  }

  private void add(int i, long w, Values values, List<Origin> open, List<Group> last) {
    int x = (int) (w >>> 18) & 63;
    int y = (int) (w >>> 24) & 63;
    int scale = (int) w >>> 10 & 3;
    long displacement = values.offsets[x] + (w >> 32);
    int index = NO_INDEX;
    if (!values.isNone(w)) {
      index = values.roots[y];
      displacement += values.offsets[y] << scale;
    }
    boolean wraps = (w & Op.ADDRESS32) != 0;
    if (wraps) {
      displacement = displacement << 32 >> 32;
    }
    var origin = new Origin(values.roots[x], index, index == NO_INDEX ? 0 : scale, wraps);
    int size = 1 << Op.width(w);
    int known = open.indexOf(origin);
    Group group = known < 0 ? null : last.get(known);
    if (group == null || !group.takes(displacement, size)) {
      group = new Group(i, displacement);
      group.takes(displacement, size);
      if (known < 0) {
        open.add(origin);
        last.add(group);
      } else {
        last.set(known, group);
      }
    }
    group.writes |= ((int) w & 127) != Op.LOAD;
    groups[i] = group;
    displacements[i] = displacement;
  }

  /** The group of an operation; null if it is the only one of it, or no access. */
  @Nullable Group of(int operation) {
    return groups[operation];
  }

  /** How many bytes an operation of a group lies behind the group's first byte. */
  int offset(Group group, int operation) {
    return (int) (displacements[operation] - group.lowest);
  }

  /** Slots as something unknown and a constant that has been added to it. */
  private static final class Values {
    private final SlotRoles roles;
    private final int shift; // 64 − the bits that count
    final int[] roots = new int[64];
    final long[] offsets = new long[64];
    private int next;

    Values(SlotRoles roles, int shift) {
      this.roles = roles;
      this.shift = shift;
      forget();
    }

    private void forget() {
      for (int i = 0; i < roots.length; i++) {
        roots[i] = next++;
      }
      Arrays.fill(offsets, 0);
    }

    /** Whether an address has no second slot. */
    boolean isNone(long w) {
      return ((int) (w >>> 24) & 63) == roles.zero() && (w & Op.IMMEDIATE) == 0;
    }

    /** Follows an operation. */
    void after(long w) {
      int operation = (int) w & 127;
      long written = OperandUse.writes(w);
      if (operation == Op.CALL) {
        forget();
        return;
      }
      if (written == 0) {
        return;
      }
      int d = Long.numberOfTrailingZeros(written);
      int x = (int) (w >>> 18) & 63;
      boolean immediate = (w & Op.IMMEDIATE) != 0;
      // What is cut is another number, unless the cut bits do not count.
      boolean whole = Frame.shift(w) <= shift;
      switch (operation) {
        case Op.MOVE -> set(d, (int) (w >>> 24) & 63, 0, whole && !immediate);
        case Op.ADD -> set(d, x, w >> 32, whole && immediate);
        case Op.SUBTRACT -> set(d, x, -(w >> 32), whole && immediate);
        case Op.INCREMENT -> set(d, x, 1, whole);
        case Op.DECREMENT -> set(d, x, -1, whole);
        case Op.ADDRESS -> set(d, x, w >> 32, whole && isNone(w));
        default -> set(d, x, 0, false);
      }
    }

    private void set(int slot, int from, long added, boolean known) {
      long offset = offsets[from] + added;
      roots[slot] = known ? roots[from] : next++;
      offsets[slot] = known ? offset : 0;
    }
  }
}
