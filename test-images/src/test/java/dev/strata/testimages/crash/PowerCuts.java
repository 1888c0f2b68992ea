// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Every state that a power cut may leave of some files: all that a flush of the file covers is
 * there; of what came after it any part may be, in its order. Where that are up to eight requests
 * the parts are all tried; of more, the first ones in their order, each alone, all but each, and
 * random ones. The last request may have arrived in part, in pieces of 512 or 4096 bytes.
 */
final class PowerCuts {
  private static final int ALL_SUBSETS = 8;
  private static final int[] PIECES = {512, 4096};

  /** Looks at one state; false ends it all. */
  interface Visitor {
    /**
     * @param state the files, which are not to be changed
     * @param cut how many events had happened
     * @param how which of the events are there, for a message
     */
    boolean visit(Map<String, MemoryFile> state, int cut, String how) throws IOException;
  }

  private final List<Recording.Event> events;
  private final GuestModel model;
  private final Random random;
  private final int samples;
  private final Visitor visitor;
  private final Map<String, MemoryFile> durable = new TreeMap<>();
  private final Set<String> written = new TreeSet<>(); // the files that change
  private final Set<StateHash.Value> seen = new HashSet<>();
  private List<Recording.Event> pending = new ArrayList<>();
  private int cut;
  private int promises;
  private long generated;
  private boolean ended;

  /**
   * Prepares.
   *
   * @param before what the files held on stable storage when the recording began
   * @param samples how many random parts are tried where there are too many for all
   */
  PowerCuts(
      Map<String, byte[]> before,
      List<Recording.Event> events,
      GuestModel model,
      long seed,
      int samples,
      Visitor visitor) {
    before.forEach((name, bytes) -> durable.put(name, new MemoryFile(bytes)));
    this.events = events;
    this.model = model;
    this.random = new Random(seed);
    this.samples = samples;
    this.visitor = visitor;
    for (Recording.Event event : events) {
      written.add(event.file());
    }
  }

  /** Visits the states that differ. */
  void run() throws IOException {
    Set<Integer> promiseTimes = new HashSet<>(model.promiseTimes());
    promised();
    for (int i = 0; i < events.size() && !ended; i++) {
      Recording.Event event = events.get(i);
      cut = i + 1;
      boolean promise = promiseTimes.contains(cut);
      promises = model.promises(cut);
      if (event.kind() == Recording.Kind.FLUSH) {
        settle(event.file());
      } else {
        pending.add(event);
        if (!promise) {
          subsets(true);
        }
        torn();
      }
      if (promise) {
        promised();
      }
    }
  }

  /** Whether the visitor has ended it. */
  boolean ended() {
    return ended;
  }

  /** How many states were made, alike ones too. */
  long generated() {
    return generated;
  }

  /** How many differed. */
  long distinct() {
    return seen.size();
  }

  /** The files with everything in them. */
  Map<String, byte[]> last() {
    var state = new TreeMap<>(durable);
    var whole = new boolean[pending.size()];
    Arrays.fill(whole, true);
    state.putAll(build(whole));
    var bytes = new TreeMap<String, byte[]>();
    state.forEach((name, file) -> bytes.put(name, file.toBytes()));
    return bytes;
  }

  private void promised() throws IOException {
    promises = model.promises(cut);
    subsets(false);
  }

  private void settle(String file) {
    var left = new ArrayList<Recording.Event>();
    MemoryFile target = copyOfDurable(file);
    for (Recording.Event event : pending) {
      if (event.file().equals(file)) {
        event.on(target);
      } else {
        left.add(event);
      }
    }
    durable.put(file, target);
    pending = left;
  }

  private void subsets(boolean withLast) throws IOException {
    int count = pending.size();
    long all = count == 0 ? 0 : -1L >>> (64 - Math.min(count, 63));
    if (count <= ALL_SUBSETS) {
      long last = withLast ? 1L << (count - 1) : 0;
      for (long mask = 0; mask <= all; mask++) {
        if ((mask & last) == last) {
          visit(chosen(mask));
        }
      }
      return;
    }
    var whole = new boolean[count];
    Arrays.fill(whole, true);
    visit(whole);
    for (int i = 0; i < count; i++) {
      var one = new boolean[count];
      one[i] = true;
      visit(one);
      boolean[] allButOne = whole.clone();
      allButOne[i] = false;
      visit(allButOne);
    }
    for (int i = 0; i < samples; i++) {
      var some = new boolean[count];
      for (int at = 0; at < count; at++) {
        some[at] = random.nextBoolean();
      }
      some[count - 1] |= withLast;
      visit(some);
    }
  }

  private boolean[] chosen(long mask) {
    var chosen = new boolean[pending.size()];
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = (mask >>> i & 1) != 0;
    }
    return chosen;
  }

  /** The last request in part: on all of the others, on none, on some. */
  private void torn() throws IOException {
    Recording.Event last = pending.getLast();
    for (int piece : PIECES) {
      if (last.kind() != Recording.Kind.WRITE || last.length() <= piece) {
        continue;
      }
      int first = last.offset() / piece;
      int pieces = (last.offset() + last.length() - 1) / piece - first + 1;
      for (int base = 0; base < 3; base++) {
        var some = new boolean[pending.size()];
        for (int i = 0; i < some.length - 1; i++) {
          some[i] = base == 0 || (base == 2 && random.nextBoolean());
        }
        torn(some, last, piece, bits(0, 1));
        torn(some, last, piece, bits(pieces - 1, pieces));
        torn(some, last, piece, bits(0, pieces - 1));
        torn(some, last, piece, bits(0, (pieces + 1) / 2));
        torn(some, last, piece, bits((pieces + 1) / 2, pieces));
        torn(some, last, piece, random.nextLong());
      }
    }
  }

  private static long bits(int from, int to) {
    long mask = 0;
    for (int i = from; i < Math.min(to, 64); i++) {
      mask |= 1L << i;
    }
    return mask;
  }

  private void torn(boolean[] some, Recording.Event last, int piece, long pieces)
      throws IOException {
    Map<String, MemoryFile> state = build(some);
    MemoryFile file = state.computeIfAbsent(last.file(), this::copyOfDurable);
    int end = last.offset() + last.length();
    for (int at = last.offset(); at < end; ) {
      int next = Math.min(end, (at / piece + 1) * piece);
      if (arrived(pieces, last, piece, at)) {
        while (next < end && arrived(pieces, last, piece, next)) {
          next = Math.min(end, next + piece);
        }
        file.take(last.content(), at, next - at);
      }
      at = next;
    }
    visit(state, "with event " + (cut - 1) + " torn at " + piece);
  }

  private static boolean arrived(long pieces, Recording.Event last, int piece, int at) {
    return (pieces >>> (at / piece - last.offset() / piece) & 1) != 0;
  }

  private Map<String, MemoryFile> build(boolean[] chosen) {
    var state = new TreeMap<String, MemoryFile>();
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        Recording.Event event = pending.get(i);
        event.on(state.computeIfAbsent(event.file(), this::copyOfDurable));
      }
    }
    return state;
  }

  private MemoryFile copyOfDurable(String file) {
    return durable.get(file).copy();
  }

  private void visit(boolean[] chosen) throws IOException {
    var how = new StringBuilder("of ").append(chosen.length).append(" after the flush:");
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        how.append(' ').append(i);
      }
    }
    visit(build(chosen), how.toString());
  }

  private void visit(Map<String, MemoryFile> changed, String how) throws IOException {
    if (ended) {
      return;
    }
    generated++;
    var state = new TreeMap<>(durable);
    state.putAll(changed);
    if (seen.add(hash(state))) {
      ended = !visitor.visit(state, cut, how);
    }
  }

  /** Of the content and of what has to be in it. */
  private StateHash.Value hash(Map<String, MemoryFile> state) {
    var hash = new StateHash();
    hash.add(promises);
    for (String name : written) {
      state.get(name).addTo(hash);
    }
    return hash.value();
  }
}
