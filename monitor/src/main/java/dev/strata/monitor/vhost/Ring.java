// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ThreadEnd;
import dev.strata.block.posix.EventCounter;
import dev.strata.block.serve.Pace;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.SplitQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A virtqueue of a client. Its own thread waits for events, and does the requests one after the
 * other as long as they do not wait for anything; those that do are spread over {@link Workers}.
 *
 * <p>One thread, the control connection's, calls the methods.
 */
final class Ring {
  /** The most descriptors of a queue. */
  static final int MOST_DESCRIPTORS = 1024;

  /** How often a queue is looked at whose client sends no events. */
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Where the front-end has the parts of the queue, by its own addresses. */
  record Place(long descriptors, long used, long available) {}

  private final String name;
  private final MemoryTable memory;
  private final Transfers transfers;
  private final Workers workers;
  private final Consumer<String> broken;
  private final SplitQueue queue;
  private final Pace pace = new Pace();
  private final EventCounter wakened;

  private final Object events = new Object();
  private @Nullable EventCounter call; // guarded by events
  private @Nullable EventCounter error; // guarded by events

  private @Nullable Place place;
  private int base; // of the available ring, when it starts
  private boolean enabled;
  private @Nullable Thread thread;
  private volatile boolean ended; // the thread is to end

  private boolean kicked; // the thread's
  private volatile boolean paused; // written under this
  private int busy; // requests, and the thread when it takes some; guarded by this

  /**
   * A stopped ring.
   *
   * @param broken is told why the ring cannot be served any more, on any thread
   */
  Ring(
      String name,
      MemoryTable memory,
      Transfers transfers,
      Workers workers,
      Consumer<String> broken)
      throws BlockException {
    this.name = name;
    this.memory = memory;
    this.transfers = transfers;
    this.workers = workers;
    this.broken = broken;
    this.queue = new SplitQueue(memory, MOST_DESCRIPTORS);
    this.wakened = EventCounter.create();
  }

  // Set up by the control connection

  private void requireStopped() throws BlockException {
    if (thread != null) {
      throw Message.wrong("a ring is changed that is not stopped");
    }
  }

  void size(int size) throws BlockException {
    requireStopped();
    if (size < 1 || size > MOST_DESCRIPTORS || Integer.bitCount(size) != 1) {
      throw Message.wrong("a ring of " + Integer.toUnsignedString(size) + " descriptors");
    }
    queue.size(size);
  }

  void base(int base) throws BlockException {
    requireStopped();
    if (base < 0 || base > 0xffff) {
      throw Message.wrong("a ring that begins at " + Integer.toUnsignedString(base));
    }
    this.base = base;
  }

  /** Sets the place, if it is in memory or memory is still to come. */
  void place(Place place) throws BlockException {
    if (place.descriptors % 16 != 0 || place.available % 2 != 0 || place.used % 4 != 0) {
      throw Message.wrong("a ring whose parts are not aligned");
    }
    pause();
    try {
      this.place = place;
      if (thread != null) {
        locate();
      }
    } finally {
      resume();
    }
  }

  /** Finds the ring in memory, which may have changed; nothing is taken from it now. */
  void locate() throws BlockException {
    Place known = place;
    if (known == null) {
      throw Message.wrong("a ring begins that has no place");
    }
    int size = queue.size();
    queue.descriptors(memory.guestAddress(known.descriptors, SplitQueue.descriptorBytes(size)));
    queue.available(memory.guestAddress(known.available, SplitQueue.availableBytes(size)));
    queue.used(memory.guestAddress(known.used, SplitQueue.usedBytes(size)));
  }

  boolean isStarted() {
    return thread != null;
  }

  void eventIndex(boolean eventIndex) {
    queue.eventIndex(eventIndex);
  }

  /** Has requests be taken from the ring, or not. */
  void enable(boolean enabled) throws BlockException {
    pause();
    this.enabled = enabled;
    queue.enabled(enabled);
    resume();
  }

  /** Has each request given back be told; null for a client that looks for itself. */
  void call(@Nullable EventCounter counter) throws BlockException {
    synchronized (events) {
      try (EventCounter _ = call) {
        call = counter;
      }
      if (thread != null && counter != null) {
        counter.signal(); // for what was given back meanwhile
      }
    }
  }

  /** Has it be told that the ring is broken. */
  void error(@Nullable EventCounter counter) throws BlockException {
    synchronized (events) {
      try (EventCounter _ = error) {
        error = counter;
      }
    }
  }

  // Its life

  /**
   * Starts the ring, or lets it go on with other events.
   *
   * @param kick tells of requests; null for a client that has the ring looked at all the time
   */
  void start(@Nullable EventCounter kick) throws BlockException {
    try {
      boolean goesOn = thread != null;
      endThread();
      locate();
      if (!goesOn) {
        queue.start(base, (int) memory.read(queue.used() + 2, 2));
        kicked = false;
      }
      queue.enabled(enabled);
    } catch (BlockException e) {
      if (kick != null) {
        kick.close();
      }
      throw e;
    }
    ended = false;
    thread = Thread.ofPlatform().daemon().name(name).start(() -> serve(kick));
  }

  /** Stops the ring when all its requests are done; returns where it would go on. */
  int stop() throws BlockException {
    if (thread != null) {
      endThread();
      pause();
      resume();
      base = queue.taken();
      call(null);
    }
    return base;
  }

  private void endThread() {
    Thread ending = thread;
    if (ending != null) {
      thread = null;
      ended = true;
      wake();
      ThreadEnd.await(ending);
    }
  }

  private void wake() {
    try {
      wakened.signal();
    } catch (BlockException e) {
      throw new IllegalStateException(e); // a counter of our own is writable
    }
  }

  /** Returns when no request is being done, and none will be until {@link #resume}. */
  synchronized void pause() {
    paused = true;
    boolean interrupted = false;
    while (busy > 0) {
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

  void resume() {
    synchronized (this) {
      paused = false;
    }
    wake();
  }

  /** Stops the ring and gives up all that it has. */
  void close() throws BlockException {
    stop();
    call(null);
    error(null);
    wakened.close();
  }

  // The thread

  private void serve(@Nullable EventCounter kick) {
    try (kick) {
      while (!ended) {
        wakened.await(kick, kick == null ? POLL_NANOS : -1);
        wakened.clear();
        kicked |= kick == null || kick.clear();
        // A ring that nobody has told of is stopped still.
        if (kicked && enter()) {
          try {
            work();
          } finally {
            leave();
          }
        }
      }
    } catch (BlockException e) {
      fail(e.errno() == Errno.EPIPE ? "no more events can come" : "its events: " + e.getMessage());
    } catch (BrokenQueueException e) {
      fail(String.valueOf(e.getMessage()));
    } catch (InternalError e) {
      fail("its memory is gone");
    } catch (OutOfMemoryError e) {
      fail("out of memory");
    }
  }

  private synchronized boolean enter() {
    if (paused) {
      return false;
    }
    busy++;
    return true;
  }

  private synchronized void leave() {
    busy--;
    if (busy == 0) {
      notifyAll();
    }
  }

  /** Does what there is, unless there is something else to do for the control connection. */
  private void work() throws BrokenQueueException, BlockException {
    while (!paused && !ended) {
      Chain chain = queue.take();
      if (chain == null) {
        if (!queue.await()) {
          return;
        }
      } else if (pace.isSlow() && mayOvertake()) {
        workers.submit(() -> overtake(chain));
      } else {
        run(chain);
      }
    }
  }

  /** A client may offer a descriptor again that is being used: no more than a ring has at once. */
  private synchronized boolean mayOvertake() {
    if (busy > queue.size()) {
      return false;
    }
    busy++;
    return true;
  }

  private void overtake(Chain chain) {
    try {
      run(chain);
    } catch (BlockException | BrokenQueueException e) {
      fail(String.valueOf(e.getMessage()));
    } catch (InternalError e) {
      fail("its memory is gone");
    } finally {
      leave();
    }
  }

  private void run(Chain chain) throws BrokenQueueException, BlockException {
    long waits = pace.start();
    long start = System.nanoTime();
    long written = transfers.run(chain);
    pace.took(
        System.nanoTime() - start, chain.readable().length() + chain.writable().length(), waits);
    queue.give(chain, written);
    if (queue.wantsInterrupt()) {
      synchronized (events) {
        if (call != null) {
          call.signal();
        }
      }
    }
  }

  private void fail(String why) {
    synchronized (events) {
      if (error != null) {
        try {
          error.signal();
        } catch (BlockException e) {
          // Nobody hears it: hanging up has to do.
          error = null;
        }
      }
    }
    broken.accept(why);
  }
}
