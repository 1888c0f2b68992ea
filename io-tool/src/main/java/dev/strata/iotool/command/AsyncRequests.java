// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.PrintStream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Requests in the background: a bounded number of threads carry them out in the order given, their
 * results are printed in the order of completion.
 *
 * <p>Results are printed by the thread that asks for it, or, while that one waits for input, by the
 * thread that has one.
 */
final class AsyncRequests implements AutoCloseable {
  /** As many as the reference's pool has. */
  private static final int MAX_THREADS = 64;

  /** A request. */
  interface Request {
    /** Carries it out, on some thread. */
    void perform() throws BlockException;

    /**
     * Prints how it went.
     *
     * @param nanos how long it took
     */
    void report(PrintStream output, long nanos, @Nullable BlockException failure);
  }

  private record Done(Request request, long nanos, @Nullable BlockException failure) {}

  // All guarded by this.
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private final ArrayDeque<Long> startedNanos = new ArrayDeque<>();
  private final ArrayDeque<Done> done = new ArrayDeque<>();
  private int unfinished;
  private int threads;
  private int idle;
  private boolean closed;
  private @Nullable PrintStream direct;

  /** Starts a request. */
  synchronized void submit(Request request) {
    waiting.add(request);
    startedNanos.add(System.nanoTime());
    unfinished++;
    if (idle < waiting.size() && threads < MAX_THREADS) {
      threads++;
      Thread thread = new Thread(this::work, "request " + threads);
      thread.setDaemon(true);
      thread.start();
    }
    notifyAll();
  }

  private void work() {
    while (true) {
      Request request;
      long started;
      synchronized (this) {
        idle++;
        while (waiting.isEmpty() && !closed) {
          waitForChange();
        }
        idle--;
        if (waiting.isEmpty()) {
          return;
        }
        request = waiting.remove();
        started = startedNanos.remove();
      }
      BlockException failure = null;
      try {
        request.perform();
      } catch (BlockException e) {
        failure = e;
      } catch (OutOfMemoryError e) {
        failure = BlockException.of(Errno.ENOMEM).causedBy(e);
      }
      synchronized (this) {
        done.add(new Done(request, System.nanoTime() - started, failure));
        unfinished--;
        if (direct != null) {
          print(direct);
          direct.flush();
        }
        notifyAll();
      }
    }
  }

  private void waitForChange() {
    try {
      wait();
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts these threads", e);
    }
  }

  /** Prints the results that there are. */
  synchronized void print(PrintStream output) {
    for (Done next = done.poll(); next != null; next = done.poll()) {
      next.request.report(output, next.nanos, next.failure);
    }
  }

  /** Prints all results, as they come. */
  synchronized void await(PrintStream output) {
    print(output);
    while (unfinished > 0) {
      waitForChange();
      print(output);
    }
  }

  /** From now on results are printed at once, by whoever has them. */
  synchronized void printAtOnce(PrintStream output) {
    print(output);
    output.flush();
    direct = output;
  }

  /** From now on results wait until {@link #print}. */
  synchronized void printLater() {
    direct = null;
  }

  /** Whether requests are being carried out or wait for it. */
  synchronized boolean busy() {
    return unfinished > 0;
  }

  /** Ends the threads; all requests are done. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
