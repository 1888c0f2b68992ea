// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a guest did to its disk, and what a power cut may leave of that: each block holds what it
 * held when the last flush that ended before the cut began, or something that was written to it
 * later. Times are numbers of events in a {@link Recording}.
 */
public final class GuestModel {
  /** What is written and compared as one, in bytes. */
  public static final int BLOCK = 512;

  /** Values that came one after the other. */
  private static final class History {
    private long[] values = new long[4];
    private int[] starts = new int[4];
    private int[] numbers = new int[4]; // of what was done, in its order
    private int count;

    void add(long value, int start, int number) {
      if (count == values.length) {
        values = Arrays.copyOf(values, count * 2);
        starts = Arrays.copyOf(starts, count * 2);
        numbers = Arrays.copyOf(numbers, count * 2);
      }
      values[count] = value;
      starts[count] = start;
      numbers[count++] = number;
    }

    long last() {
      return values[count - 1];
    }

    /** Whether a cut may leave that value if all that was done before {@code floor} is safe. */
    boolean allows(long value, int floor, int cut) {
      for (int i = count - 1; i >= 0; i--) {
        boolean safe = numbers[i] < floor;
        if ((safe || starts[i] < cut) && values[i] == value) {
          return true;
        }
        if (safe) {
          return false;
        }
      }
      return false;
    }

    String describe(int floor, int cut) {
      var text = new StringBuilder();
      for (int i = count - 1; i >= 0; i--) {
        boolean safe = numbers[i] < floor;
        if (safe || starts[i] < cut) {
          text.append(text.isEmpty() ? "" : ", ").append(Long.toHexString(values[i]));
        }
        if (safe) {
          break;
        }
      }
      return text.toString();
    }
  }

  /** A snapshot that the guest's host took. */
  private record Kept(
      String name,
      long[] values,
      int createStart,
      int createEnd,
      int deleteStart,
      int deleteEnd,
      int knownUntil) {
    boolean mustExist(int cut) {
      return createEnd <= cut && deleteStart >= cut;
    }

    boolean mayExist(int cut) {
      return createStart < cut && deleteEnd > cut;
    }
  }

  /** What was done before {@code number} is safe from {@code end} on. */
  private record Promise(int number, int end) {}

  private static final int BEFORE = -1;
  private static final int NEVER = Integer.MAX_VALUE;

  private final List<History> blocks = new ArrayList<>();
  private final History lengths = new History();
  private final List<Promise> flushes = new ArrayList<>();
  private final List<Promise> resizes = new ArrayList<>();
  private final List<Kept> snapshots = new ArrayList<>();
  private int done;

  /** A disk that holds those values, one a block, on stable storage. */
  GuestModel(long[] values) {
    for (long value : values) {
      block(blocks.size()).add(value, BEFORE, BEFORE);
    }
    lengths.add(values.length, BEFORE, BEFORE);
  }

  private History block(int index) {
    while (blocks.size() <= index) {
      blocks.add(new History());
    }
    return blocks.get(index);
  }

  /** The disk's length in blocks. */
  int length() {
    return (int) lengths.last();
  }

  /** The value of a block. */
  long value(int index) {
    return blocks.get(index).last();
  }

  long[] values() {
    var values = new long[length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(i);
    }
    return values;
  }

  /** A block got that value; several of one request may be seen, the last one in the end. */
  void written(int index, long value, int start) {
    block(index).add(value, start, done++);
  }

  /** The disk was resized; what is new is zero. */
  void resized(int length, int start, int end) {
    for (int i = length(); i < length; i++) {
      History block = block(i);
      if (block.count == 0) {
        block.add(0, BEFORE, BEFORE);
      } else {
        block.add(0, start, done++);
      }
    }
    lengths.add(length, start, done++);
    resizes.add(new Promise(done, end));
  }

  /** What was written so far is on stable storage at {@code end}. */
  void flushed(int end) {
    flushes.add(new Promise(done, end));
  }

  void snapshotCreated(String name, int start, int end) {
    snapshots.add(new Kept(name, values(), start, end, NEVER, NEVER, NEVER));
  }

  /** A snapshot that was there from the beginning. */
  void snapshotExists(String name, long[] values) {
    snapshots.add(new Kept(name, values, BEFORE, BEFORE, NEVER, NEVER, NEVER));
  }

  void snapshotDeleted(String name, int start, int end) {
    for (int i = 0; i < snapshots.size(); i++) {
      Kept kept = snapshots.get(i);
      if (kept.name.equals(name)) {
        snapshots.set(
            i,
            new Kept(
                name, kept.values, kept.createStart, kept.createEnd, start, end, kept.knownUntil));
      }
    }
  }

  /** The backing file is another one now: nobody promised that the snapshots read as before. */
  void backingChanged(int start) {
    snapshots.replaceAll(kept ->
        new Kept(
            kept.name,
            kept.values,
            kept.createStart,
            kept.createEnd,
            kept.deleteStart,
            kept.deleteEnd,
            Math.min(kept.knownUntil, start)));
  }

  /** Whether it is known what that snapshot holds. */
  boolean knows(String name) {
    for (Kept kept : snapshots) {
      if (kept.name.equals(name)) {
        return kept.knownUntil == NEVER;
      }
    }
    return false;
  }

  /** The values that a snapshot holds. */
  long[] snapshot(String name) {
    for (Kept kept : snapshots) {
      if (kept.name.equals(name)) {
        return kept.values;
      }
    }
    throw new IllegalArgumentException("No snapshot " + name);
  }

  /** What was done before that number is safe at {@code cut}. */
  private static int floor(List<Promise> promises, int cut) {
    int floor = 0;
    for (Promise promise : promises) {
      if (promise.end <= cut) {
        floor = promise.number;
      }
    }
    return floor;
  }

  /** How many promises had been made at that time: states are judged anew after each. */
  int promises(int cut) {
    int count = 0;
    for (Promise flush : flushes) {
      count += flush.end <= cut ? 1 : 0;
    }
    for (Promise resize : resizes) {
      count += resize.end <= cut ? 1 : 0;
    }
    for (Kept kept : snapshots) {
      count += (kept.createEnd <= cut ? 1 : 0) + (kept.deleteEnd <= cut ? 1 : 0);
    }
    return count;
  }

  /** When the promises were made, in their order. */
  List<Integer> promiseTimes() {
    var times = new ArrayList<Integer>();
    for (Promise flush : flushes) {
      times.add(flush.end);
    }
    for (Promise resize : resizes) {
      times.add(resize.end);
    }
    for (Kept kept : snapshots) {
      times.add(kept.createEnd);
      times.add(kept.deleteEnd);
    }
    times.removeIf(time -> time < 0 || time == NEVER);
    return times.stream().distinct().sorted().toList();
  }

  /** What is wrong with a disk that reads like that after a cut; empty if nothing is. */
  String wrong(long[] values, int cut) {
    // A resize is on stable storage when it is done.
    int resized = floor(resizes, cut);
    if (!lengths.allows(values.length, resized, cut)) {
      return "the length is "
          + values.length
          + " blocks, allowed: "
          + lengths.describe(resized, cut);
    }
    int floor = floor(flushes, cut);
    for (int i = 0; i < values.length; i++) {
      if (!blocks.get(i).allows(values[i], floor, cut)) {
        return "block "
            + i
            + " holds "
            + Long.toHexString(values[i])
            + ", allowed: "
            + blocks.get(i).describe(floor, cut);
      }
    }
    return "";
  }

  /** What is wrong with a snapshot of that name and content after a cut; empty if nothing is. */
  String wrongSnapshot(String name, long[] values, int cut) {
    for (Kept kept : snapshots) {
      if (kept.name.equals(name) && kept.mayExist(cut)) {
        if (kept.knownUntil < cut) {
          return "";
        }
        int both = Math.min(values.length, kept.values.length); // read as far as the disk goes
        int difference = Arrays.mismatch(values, 0, both, kept.values, 0, both);
        return difference < 0 ? "" : "snapshot " + name + " differs in block " + difference;
      }
    }
    return "snapshot " + name + " should not be there";
  }

  /** The snapshots that have to be there after a cut. */
  List<String> snapshotsAfter(int cut) {
    var names = new ArrayList<String>();
    for (Kept kept : snapshots) {
      if (kept.mustExist(cut)) {
        names.add(kept.name);
      }
    }
    return names;
  }

  /** The snapshots that there are in the end. */
  List<String> snapshotNames() {
    return snapshotsAfter(NEVER - 1);
  }
}
