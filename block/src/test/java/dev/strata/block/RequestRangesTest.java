// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The timeouts only end what would wait for ever. */
@Timeout(60)
class RequestRangesTest {
  private final RequestRanges ranges = new RequestRanges();
  private final AtomicInteger entered = new AtomicInteger();
  private final List<Thread> waiting = new ArrayList<>();

  @AfterEach
  void everyoneGetsThrough() throws InterruptedException {
    for (Thread thread : waiting) {
      thread.join();
    }
    assertEquals(waiting.size(), entered.get());
  }

  /** Starts a request that gives its range up as soon as it has it; returns when it waits. */
  private Thread startWaiting(long from, long to) {
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              RequestRanges.Hold hold = ranges.own(from, to);
              entered.incrementAndGet();
              ranges.leave(hold);
            });
    waiting.add(thread);
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }

  @Test
  void thoseWhoShareDoNotWaitForEachOther() {
    RequestRanges.Hold a = ranges.share(0, 10);
    RequestRanges.Hold b = ranges.share(5, 15);
    ranges.leave(a);
    ranges.leave(b);
  }

  @Test
  void whoOwnsARangeWaitsForThoseInItAndNotForItsNeighbours() throws InterruptedException {
    RequestRanges.Hold inside = ranges.share(0, 10);
    RequestRanges.Hold neighbour = ranges.own(10, 20);
    Thread other = startWaiting(5, 10);
    assertEquals(0, entered.get());
    ranges.leave(inside);
    other.join();
    ranges.leave(neighbour);
  }

  @Test
  void aRequestThatWaitsKeepsNobodyFromARangeThatIsFree() {
    RequestRanges.Hold first = ranges.own(0, 10);
    startWaiting(5, 25);
    RequestRanges.Hold last = ranges.own(20, 30); // would wait for ever behind the one that waits
    assertEquals(0, entered.get());
    ranges.leave(first);
    assertEquals(0, entered.get());
    ranges.leave(last);
  }

  @Test
  void aRequestThatWaitsIsNotOvertakenForEver() {
    RequestRanges.Hold first = ranges.own(0, 10);
    startWaiting(5, 25);
    int passed = 0;
    Thread later;
    do {
      assertFalse(passed > 1000, "starves");
      passed++;
      later = Thread.ofPlatform().start(() -> ranges.leave(ranges.own(20, 30)));
      while (later.isAlive() && later.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    } while (!later.isAlive());
    ranges.leave(first);
    while (later.isAlive()) {
      Thread.onSpinWait();
    }
  }
}
