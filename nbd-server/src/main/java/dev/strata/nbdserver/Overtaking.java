// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one client on which requests wait, so that later ones overtake them. There are
 * none until the first such request, and they end when there has been nothing to do for a while.
 *
 * <p>They belong to one client, for each sends its answer itself and stops where the client does
 * not read.
 */
final class Overtaking {
  private static final long IDLE_SECONDS = 5;

  /** Carries a request out on one of the threads. */
  interface Work {
    void run(Request request, IoVector payload, ReplyBatch out) throws IOException;
  }

  private final String name;
  private final Semaphore threadsLeft; // of all clients
  private final ReplySocket socket;
  private final Work work;
  private final Runnable onBrokenConnection;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition queued = lock.newCondition();
  private final Condition done = lock.newCondition();
  private final ArrayDeque<Request> queue = new ArrayDeque<>(); // guarded by lock
  private int pending; // queued or being carried out; guarded by lock
  private int threads; // guarded by lock
  private int idle; // guarded by lock
  private boolean ended; // guarded by lock

  /**
   * No threads yet.
   *
   * @param threadsLeft how many threads all clients together may still have
   * @param onBrokenConnection called by a thread that cannot send
   */
  Overtaking(
      String name,
      Semaphore threadsLeft,
      ReplySocket socket,
      Work work,
      Runnable onBrokenConnection) {
    this.name = name;
    this.threadsLeft = threadsLeft;
    this.socket = socket;
    this.work = work;
    this.onBrokenConnection = onBrokenConnection;
  }

  /** Whether requests are queued or being carried out. */
  boolean isBusy() {
    lock.lock();
    try {
      return pending > 0;
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@link #submit} would have to wait. */
  boolean isFull() {
    lock.lock();
    try {
      return pending >= ServerLimits.OVERTAKING;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has a request carried out on another thread; waits while too many are.
   *
   * @param request from now on the other thread's, with its payload
   * @return false if no thread can be had; the request is still the caller's
   */
  boolean submit(Request request) {
    lock.lock();
    try {
      while (pending >= ServerLimits.OVERTAKING) {
        done.awaitUninterruptibly();
      }
      // Every queued request wakes a thread, which may not have come to it yet.
      if (idle < queue.size() + 1 && threads < ServerLimits.OVERTAKING) {
        start();
      }
      if (threads == 0) {
        return false;
      }
      pending++;
      queue.addLast(request);
      queued.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void start() {
    if (!threadsLeft.tryAcquire()) {
      return;
    }
    try {
      Thread.ofPlatform().daemon().name(name).start(this::serve);
      threads++;
    } catch (OutOfMemoryError e) {
      threadsLeft.release(); // the system has no thread: done without
    }
  }

  /** Waits until all are done; their threads end. Nothing may be submitted afterwards. */
  void end() {
    lock.lock();
    try {
      ended = true;
      queued.signalAll();
      while (pending > 0) {
        done.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void serve() {
    try (var out = new ReplyBatch(socket)) {
      for (Request request = next(); request != null; request = next()) {
        run(request, out);
      }
    } finally {
      threadsLeft.release();
    }
  }

  private void run(Request request, ReplyBatch out) {
    try (BufferPool.Buffer payload = request.payload) {
      work.run(request, payload == null ? IoVector.empty() : payload.vector(), out);
      out.send();
    } catch (IOException e) {
      onBrokenConnection.run();
    } finally {
      lock.lock();
      try {
        pending--;
        done.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** The next request, or null if this thread is to end, which then counts no more. */
  private @Nullable Request next() {
    lock.lock();
    try {
      long nanos = TimeUnit.SECONDS.toNanos(IDLE_SECONDS);
      while (queue.isEmpty()) {
        if (ended || nanos <= 0) {
          threads--;
          return null;
        }
        idle++;
        try {
          nanos = queued.awaitNanos(nanos);
        } catch (InterruptedException e) {
          nanos = 0; // nobody interrupts these threads but to end them
        } finally {
          idle--;
        }
      }
      return queue.removeFirst();
    } finally {
      lock.unlock();
    }
  }
}
