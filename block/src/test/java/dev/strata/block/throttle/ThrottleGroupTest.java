// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Threads that wait for their turn, in real time. */
final class ThrottleGroupTest {
  private static final long MB = 1_000_000;
  private static final Duration SOON = Duration.ofSeconds(30);

  private final ThrottleGroup group = new ThrottleGroup("g");

  /** Sends requests of one member from several virtual threads until the end. */
  private static final class Load {
    final AtomicLong passed = new AtomicLong();
    final List<Thread> threads = new ArrayList<>();

    Load(ThrottleMember member, long bytes, int depth, long pauseNanos, long end) {
      for (int i = 0; i < depth; i++) {
        threads.add(
            Thread.startVirtualThread(() -> {
              long next = System.nanoTime();
              while (System.nanoTime() < end) {
                member.acquire(Direction.READ, bytes);
                if (System.nanoTime() < end) {
                  passed.addAndGet(bytes);
                }
                next += pauseNanos;
                sleepUntil(pauseNanos == 0 ? 0 : next);
              }
            }));
      }
    }

    private static void sleepUntil(long time) {
      try {
        TimeUnit.NANOSECONDS.sleep(time == 0 ? 0 : time - System.nanoTime());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void joinAll(Load... loads) throws InterruptedException {
    for (Load load : loads) {
      for (Thread thread : load.threads) {
        thread.join();
      }
    }
  }

  /** Three that want a tenth, one request at a time and 32 at a time; what each of them got. */
  private long[] share(int seconds) throws Exception {
    group.limits(new ThrottleLimits.Builder().average(Meter.BPS_TOTAL, 20 * MB).build());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    var modest = new Load(group.join(), 10_000, 1, 5_000_000, end); // 2 MB/s
    var one = new Load(group.join(), 16_384, 1, 0, end);
    var many = new Load(group.join(), 16_384, 32, 0, end);
    joinAll(modest, one, many);
    return new long[] {modest.passed.get(), one.passed.get(), many.passed.get()};
  }

  /** A busy machine may take a thread its time, but never gives it more than its turn. */
  @Test
  void threeMembersPassNoMoreThanTheRate() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          long[] passed = share(1);
          for (long each : passed) {
            assertTrue(each > 0);
          }
          assertTrue(passed[0] <= 2.2 * MB);
          assertTrue(passed[0] + passed[1] + passed[2] <= 22.5 * MB);
        });
  }

  @Test
  void threeMembersShareTheRateWithinFivePercentInTenSeconds() throws Exception {
    assumeTrue(Boolean.getBoolean("strata.long"), "takes ten seconds of an idle machine");
    long[] passed = share(10);
    assertEquals(200.0 * MB, passed[0] + passed[1] + passed[2], 10.0 * MB);
    assertEquals(20.0 * MB, passed[0], MB);
    assertEquals(passed[2], passed[1], 0.05 * passed[2]);
  }

  @Test
  void oneDiskKeepsToItsRateWithinFivePercentInTenSeconds() throws Exception {
    assumeTrue(Boolean.getBoolean("strata.long"), "takes ten seconds of an idle machine");
    group.limits(new ThrottleLimits.Builder().average(Meter.IOPS_TOTAL, 2000).build());
    var disk = new Load(group.join(), 1, 64, 0, System.nanoTime() + TimeUnit.SECONDS.toNanos(10));
    joinAll(disk);
    assertEquals(20_000, disk.passed.get(), 1000);
  }

  @Test
  void burstKeepsToItsRateWithinFivePercentInTenSeconds() throws Exception {
    assumeTrue(Boolean.getBoolean("strata.long"), "takes ten seconds of an idle machine");
    group.limits(
        new ThrottleLimits.Builder()
            .average(Meter.BPS_READ, MB)
            .max(Meter.BPS_READ, 5 * MB)
            .maxSeconds(Meter.BPS_READ, 4)
            .build());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    var disk = new Load(group.join(), 4096, 8, 0, end);
    joinAll(disk);
    assertEquals(30.0 * MB, disk.passed.get(), 1.5 * MB);
  }

  @Test
  void changedLimitsHoldForThoseWhoWait() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          ThrottleMember member = group.join();
          Thread[] waiting = exhaust(member);
          group.limits(new ThrottleLimits.Builder().average(Meter.BPS_READ, 100 * MB).build());
          join(waiting);
          assertEquals(100 * MB, group.limits().average(Meter.BPS_READ));
        });
  }

  @Test
  void drainLetsAllThrough() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          ThrottleMember member = group.join();
          Thread[] waiting = exhaust(member);
          member.drain();
          join(waiting);
          member.acquire(Direction.READ, MB);
          member.resume();
        });
  }

  @Test
  void whoLeavesNeedNotWait() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          ThrottleMember other = group.join();
          ThrottleMember member = group.join();
          Thread[] waiting = exhaust(member);
          member.close();
          join(waiting);
          member.acquire(Direction.READ, MB);
          assertTrue(group.isUsed());
          other.close();
          assertFalse(group.isUsed());
        });
  }

  @Test
  void writesPassWhileReadsWait() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          ThrottleMember member = group.join();
          Thread[] waiting = exhaust(member);
          group.join().acquire(Direction.WRITE, MB);
          member.acquire(Direction.WRITE, MB);
          for (Thread each : waiting) {
            assertTrue(each.isAlive());
          }
          member.drain();
          join(waiting);
        });
  }

  @Test
  void anInterruptDoesNotEndTheWait() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          ThrottleMember member = group.join();
          Thread[] waiting = exhaust(member);
          var stillInterrupted = new CountDownLatch(1);
          Thread thread =
              Thread.ofPlatform()
                  .start(() -> {
                    Thread.currentThread().interrupt();
                    member.acquire(Direction.READ, 1);
                    if (Thread.interrupted()) {
                      stillInterrupted.countDown();
                    }
                  });
          waitUntilParked(thread);
          member.drain();
          thread.join();
          assertEquals(0, stillInterrupted.getCount());
          join(waiting);
        });
  }

  /** One byte a second, of which an hour's worth is used up: four threads wait. */
  private Thread[] exhaust(ThrottleMember member) throws Exception {
    group.limits(new ThrottleLimits.Builder().average(Meter.BPS_READ, 1).build());
    member.acquire(Direction.READ, 3600);
    var threads = new Thread[4];
    for (int i = 0; i < threads.length; i++) {
      Thread.Builder kind = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
      threads[i] = kind.start(() -> member.acquire(Direction.READ, 1));
      waitUntilParked(threads[i]);
    }
    return threads;
  }

  private static void waitUntilParked(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING
        && thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  private static void join(Thread... threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
