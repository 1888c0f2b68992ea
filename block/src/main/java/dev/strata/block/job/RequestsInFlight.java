// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Requests of a job that are carried out at the same time, each by a thread of its own. All methods
 * are for the job's thread alone.
 *
 * @param <R> the kind of request
 */
public final class RequestsInFlight<R extends RequestsInFlight.Request> implements AutoCloseable {
  /** The most that are carried out at once, whatever the user wants: each takes a thread. */
  public static final int MAX = 16;

  /** A piece of work. */
  @FunctionalInterface
  public interface Request {
    /** Does it, by any thread; what may fail in the course of things is the request's to keep. */
    void run() throws BlockException;
  }

  private record Done<R>(R request, @Nullable Throwable failure) {}

  private final String name;
  private final int limit;
  private final ArrayDeque<R> waiting = new ArrayDeque<>(); // guarded by this
  private final ArrayDeque<Done<R>> done = new ArrayDeque<>(); // guarded by this
  private int running; // begun or waiting; guarded by this
  private int threads; // guarded by this
  private int idle; // of the threads; guarded by this
  private boolean closed; // guarded by this

  /**
   * None yet.
   *
   * @param name of the threads
   * @param limit of requests at once, at least 1; more than {@link #MAX} are as that
   */
  public RequestsInFlight(String name, int limit) {
    this.name = name;
    this.limit = Math.min(limit, MAX);
  }

  /** Whether no more can begin before one is done. */
  public synchronized boolean isFull() {
    return running >= limit;
  }

  /** Whether there is nothing to {@link #take}. */
  public synchronized boolean isEmpty() {
    return running == 0 && done.isEmpty();
  }

  /** Has a request carried out; {@link #isFull} was false. */
  public void begin(R request) {
    synchronized (this) {
      running++;
      waiting.add(request);
      if (waiting.size() <= idle || threads >= limit) {
        notifyAll();
        return;
      }
    }
    if (!startThread()) {
      work(false); // there is at least this one
    }
  }

  private boolean startThread() {
    try {
      Thread.ofPlatform().daemon().name(name).start(() -> work(true));
      synchronized (this) {
        threads++;
      }
      return true;
    } catch (OutOfMemoryError e) {
      synchronized (this) {
        return threads > 0; // those that there are come to it
      }
    }
  }

  /** Waits for a request that is done; null if there is none, begun or done. */
  public @Nullable R await() throws BlockException {
    Done<R> next;
    synchronized (this) {
      boolean interrupted = false;
      while (done.isEmpty() && running > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      next = done.poll();
    }
    return next == null ? null : of(next);
  }

  /** A request that is done, or null. */
  public @Nullable R take() throws BlockException {
    Done<R> next;
    synchronized (this) {
      next = done.poll();
    }
    return next == null ? null : of(next);
  }

  private static <R> R of(Done<R> done) throws BlockException {
    return switch (done.failure()) {
      case null -> done.request();
      case BlockException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    };
  }

  private void work(boolean stays) {
    R request = next(stays);
    while (request != null) {
      Throwable failure = null;
      try {
        request.run();
      } catch (BlockException | RuntimeException | Error e) {
        failure = e;
      }
      synchronized (this) {
        running--;
        done.add(new Done<>(request, failure));
        notifyAll();
      }
      request = next(stays);
    }
  }

  private synchronized @Nullable R next(boolean stays) {
    boolean interrupted = false;
    idle++;
    while (stays && waiting.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    idle--;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return waiting.poll();
  }

  /** Waits for all that has begun; nobody asks how it ended. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
    boolean interrupted = false;
    while (running > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
