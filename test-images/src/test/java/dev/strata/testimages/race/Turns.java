// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Users who take turns on one thread. A turn ends where a user asks for a lock, waits, or calls the
 * layer below: there somebody else may go on first. Who does is a {@link Choice}; nothing else, no
 * time and no other thread, decides what happens.
 *
 * <p>The locks are {@link TurnLoader}'s doing: code that it loads calls {@link #enter}, {@link
 * #exit} and so on in place of what Java has. A user who cannot have a lock is passed over until it
 * is free; who gets it then is a choice again.
 */
public final class Turns {
  /** More than any run needs: one that takes more goes round in circles. */
  private static final int MAX_STEPS = 1_000_000;

  /** Whose code is being run; null outside of {@link #run}. */
  private static volatile @Nullable Turns current;

  private static final class Monitor {
    private int owner = -1;
    private int depth;
  }

  private final Thread thread = Thread.currentThread();
  private final Choice choice;
  private final List<Coroutine> users = new ArrayList<>();
  private final List<@Nullable Object> blockedOn = new ArrayList<>(); // the lock that one needs
  private final List<@Nullable Object> waitingFor = new ArrayList<>(); // to be notified
  private final Map<Object, Monitor> monitors = new IdentityHashMap<>();
  private final @Nullable List<String> story;
  private @Nullable Throwable failure;
  private int running = -1;
  private int next = -1;
  private int steps;
  private long digest;
  private int[] ready = new int[16];

  /**
   * Nobody there yet.
   *
   * @param story gets a line for each turn; null if nobody wants to read it
   */
  public Turns(Choice choice, @Nullable List<String> story) {
    this.choice = choice;
    this.story = story;
  }

  /** One more user. */
  public void add(Runnable work) {
    users.add(
        new Coroutine(() -> {
          try {
            work.run();
          } catch (Throwable e) {
            failure = failure == null ? e : failure;
          }
        }));
    blockedOn.add(null);
    waitingFor.add(null);
  }

  /** How many turns there were. */
  public int steps() {
    return steps;
  }

  /** Of who did what, in its order: the same if and only if the same happened. */
  public long digest() {
    return digest;
  }

  /**
   * Runs all users to their end.
   *
   * @throws IllegalStateException if they wait for each other
   */
  public void run() throws Throwable {
    if (current != null) {
      throw new IllegalStateException("turns within turns");
    }
    current = this;
    try {
      for (int user = choose(-1); user >= 0; user = next >= 0 ? next : choose(-1)) {
        running = user;
        next = -1;
        users.get(user).run();
        if (failure != null) {
          throw failure;
        }
      }
      for (int i = 0; i < users.size(); i++) {
        if (!users.get(i).isDone()) {
          throw new IllegalStateException("deadlock: user " + i + " waits for ever");
        }
      }
    } finally {
      running = -1;
      current = null;
    }
  }

  private int choose(int last) {
    if (ready.length < users.size()) {
      ready = new int[users.size()];
    }
    int count = 0;
    int staying = -1;
    for (int i = 0; i < users.size(); i++) {
      if (!users.get(i).isDone() && waitingFor.get(i) == null && !isBlocked(i)) {
        ready[count++] = i;
        staying = i == last ? i : staying;
      }
    }
    return count == 0 ? -1 : choice.next(ready, count, staying);
  }

  private boolean isBlocked(int user) {
    Object lock = blockedOn.get(user);
    Monitor monitor = lock == null ? null : monitors.get(lock);
    return monitor != null && monitor.owner >= 0 && monitor.owner != user;
  }

  /** Somebody else may go on first. */
  private void offer(String what, String name, long from, long to) {
    if (++steps > MAX_STEPS) {
      throw new IllegalStateException("no end in sight after " + steps + " turns");
    }
    digest = mix(mix(mix(digest + running) ^ what.hashCode()) + name.hashCode() + 31 * from + to);
    if (story != null) {
      story.add(
          running
              + " "
              + what
              + " "
              + name
              + (to > from ? " " + hex(from) + "+" + hex(to - from) : ""));
    }
    pass(running);
  }

  private static String hex(long number) {
    return Long.toHexString(number);
  }

  private static long mix(long value) {
    long mixed = (value ^ value >>> 32) * 0xd6e8feb86659fd93L;
    return mixed ^ mixed >>> 32;
  }

  private void pass(int user) {
    int chosen = choose(user);
    if (chosen != user) {
      next = chosen;
      Coroutine.leave();
    }
  }

  private void take(Object lock) {
    int user = running;
    Monitor monitor = monitors.computeIfAbsent(lock, any -> new Monitor());
    while (monitor.owner >= 0 && monitor.owner != user) {
      blockedOn.set(user, lock);
      pass(user);
    }
    blockedOn.set(user, null);
    // Others who wait for it find another owner when their turn comes, and wait on.
    monitors.put(lock, monitor);
    monitor.owner = user;
    monitor.depth++;
  }

  private int letGo(Object lock, boolean entirely) {
    Monitor monitor = monitors.get(lock);
    if (monitor == null || monitor.owner != running) {
      throw new IllegalMonitorStateException();
    }
    int depth = monitor.depth;
    monitor.depth = entirely ? 0 : depth - 1;
    if (monitor.depth == 0) {
      monitor.owner = -1;
    }
    return depth;
  }

  private static @Nullable Turns here() {
    Turns turns = current;
    boolean takesPart =
        turns != null && turns.running >= 0 && turns.thread == Thread.currentThread();
    return takesPart ? turns : null;
  }

  // What the code under test calls

  /** A call to the layer below, or anything else that takes its time. */
  public static void point(String what, String name, long from, long to) {
    Turns turns = here();
    if (turns != null) {
      turns.offer(what, name, from, to);
    }
  }

  /** In place of {@code monitorenter}. */
  public static void enter(Object lock) {
    Turns turns = here();
    if (turns != null) {
      turns.offer("enter", lock.getClass().getSimpleName(), 0, 0);
      turns.take(lock);
    }
  }

  /** In place of {@code monitorexit}. */
  public static void exit(Object lock) {
    Turns turns = here();
    if (turns != null) {
      turns.letGo(lock, false);
    }
  }

  /** In place of {@link Object#wait()}. */
  public static void await(Object lock) throws InterruptedException {
    Turns turns = here();
    if (turns == null) {
      throw new IllegalStateException("nobody would wake it");
    }
    int user = turns.running;
    int depth = turns.letGo(lock, true);
    turns.waitingFor.set(user, lock);
    turns.pass(user);
    turns.take(lock);
    Monitor monitor = turns.monitors.get(lock);
    if (monitor != null) {
      monitor.depth = depth;
    }
  }

  /** In place of {@link Object#notifyAll()}. */
  public static void wakeAll(Object lock) {
    Turns turns = here();
    if (turns != null) {
      turns.waitingFor.replaceAll(waited -> waited == lock ? null : waited);
    }
  }

  /** In place of {@link ReentrantLock#lock}; the real one is held, too, for its conditions. */
  public static void lock(ReentrantLock lock) {
    enter(lock);
    lock.lock();
  }

  /** In place of {@link ReentrantLock#unlock}. */
  public static void unlock(ReentrantLock lock) {
    lock.unlock();
    exit(lock);
  }
}
