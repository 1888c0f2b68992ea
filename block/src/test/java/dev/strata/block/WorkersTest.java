// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WorkersTest {
  @Test
  void eachThreadWorksAndTheCallerIsOne() throws Exception {
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    var all = new CyclicBarrier(3);
    Workers.run(
        "test",
        3,
        team -> {
          seen.add(Thread.currentThread());
          await(all);
        });
    assertEquals(3, seen.size());
    assertTrue(seen.contains(Thread.currentThread()));
  }

  @Test
  void theFailureOfAnotherThreadReachesTheCaller() {
    Thread caller = Thread.currentThread();
    var thrown = new OutOfMemoryError("only a test");
    var wakes = new AtomicInteger();
    Error e =
        assertThrows(
            OutOfMemoryError.class,
            () ->
                Workers.run(
                    "test",
                    2,
                    team -> {
                      if (Thread.currentThread() != caller) {
                        throw thrown;
                      }
                      while (!team.hasFailed()) {
                        Thread.onSpinWait();
                      }
                    },
                    wakes::incrementAndGet));
    assertSame(thrown, e);
    assertEquals(1, wakes.get());
  }

  @Test
  void theFailureOfTheLeastOrderCounts() {
    var all = new CyclicBarrier(2);
    Thread caller = Thread.currentThread();
    BlockException e =
        assertThrows(
            BlockException.class,
            () ->
                Workers.run(
                    "test",
                    2,
                    team -> {
                      if (Thread.currentThread() == caller) {
                        team.fail(new BlockException(Errno.EIO, "at 7"), 7);
                        await(all);
                      } else {
                        await(all);
                        team.fail(new BlockException(Errno.EIO, "at 3"), 3);
                      }
                    }));
    assertEquals("at 3", e.getMessage());
  }

  @Test
  void anInterruptIsKeptForTheCaller() throws Exception {
    Thread caller = Thread.currentThread();
    Workers.run(
        "test",
        2,
        team -> {
          if (Thread.currentThread() != caller) {
            caller.interrupt();
          }
        });
    assertTrue(Thread.interrupted());
    assertFalse(Thread.interrupted());
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
