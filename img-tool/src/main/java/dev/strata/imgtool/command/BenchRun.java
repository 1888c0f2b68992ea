// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Workers;
import dev.strata.block.graph.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sends a benchmark's requests, as many at once as it asks for: each worker has one in flight.
 *
 * <p>A request allocates nothing: a worker's memory is made before its first one.
 */
final class BenchRun {
  /** More requests than that at once would take more memory for threads than for their data. */
  private static final int MAX_WORKERS = 1024;

  /** What all workers' buffers take together; longer requests go to the same bytes repeatedly. */
  private static final long MAX_MEMORY = 32 << 20;

  private final BlockBackend image;
  private final BenchRequests requests;
  private final long length;
  private final int workers;
  private final @Nullable IoVector pattern; // what every write writes
  private final AtomicInteger next = new AtomicInteger();
  private boolean failed; // guarded by this
  private int flushAt; // the number of the first request that waits for a flush; guarded by this
  private int completed; // guarded by this

  /** A run that has not begun. */
  BenchRun(BlockBackend image, BenchRequests requests, byte pattern) {
    this.image = image;
    this.requests = requests;
    this.length = image.length();
    this.workers = Math.min(Math.min(requests.depth(), requests.count()), MAX_WORKERS);
    this.flushAt = requests.flushInterval() > 0 ? requests.nextFlush(0) : 0;
    if (requests.write()) {
      this.pattern = memory();
      this.pattern.fill(pattern);
    } else {
      this.pattern = null;
    }
  }

  /** Returns when all requests are done, or the first one has failed. */
  void run() throws BlockException {
    Workers.run("bench", workers, this::work, this::wake);
  }

  private synchronized void wake() {
    failed = true;
    notifyAll();
  }

  /** A buffer of a request's size, which may be the same memory several times over. */
  private IoVector memory() {
    long size = requests.size();
    if (size == 0) {
      return IoVector.empty();
    }
    int owners = requests.write() ? 1 : workers;
    long own =
        Math.max(MAX_MEMORY / Math.max(owners, 1) & -BufferPool.ALIGNMENT, BufferPool.ALIGNMENT);
    // A buffer as long as the run: nobody else could use it.
    MemorySegment memory = image.node().graph().buffers().acquire(Math.min(size, own)).segment();
    if (size <= own) {
      return IoVector.of(memory);
    }
    var parts = new ArrayList<MemorySegment>();
    for (long done = 0; done < size; done += own) {
      parts.add(memory.asSlice(0, Math.min(own, size - done)));
    }
    return IoVector.of(List.copyOf(parts));
  }

  private void work(Workers all) throws BlockException {
    IoVector memory = null;
    int number = next.getAndIncrement();
    while (number < requests.count() && number >= 0 && !all.hasFailed()) {
      if (requests.flushInterval() > 0) {
        awaitFlush(number);
        if (all.hasFailed()) {
          return;
        }
      }
      long start = requests.start(number, length);
      if (start > length - requests.size()) {
        throw BlockException.of(Errno.EIO); // before there is memory for an absurd size
      }
      if (memory == null) {
        memory = pattern != null ? pattern : memory();
      }
      if (pattern != null) {
        image.write(start, memory, 0);
      } else {
        image.read(start, memory, 0);
      }
      if (requests.flushInterval() > 0) {
        completed();
      }
      number = next.getAndIncrement();
    }
  }

  /** Waits for the flush that comes before the request of that number. */
  private void awaitFlush(int number) throws BlockException {
    if (!requests.drain()) {
      synchronized (this) {
        if (number < flushAt) {
          return;
        }
        flushAt = requests.nextFlush(flushAt);
      }
      image.flush(); // while the others' writes go on
      return;
    }
    boolean interrupted = false;
    synchronized (this) {
      while (number >= flushAt && !failed) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A request is done; the last one before a flush brings it about. */
  private void completed() throws BlockException {
    int done;
    synchronized (this) {
      done = ++completed;
      if (requests.drain() ? done < flushAt : done < requests.count()) {
        return;
      }
    }
    image.flush();
    synchronized (this) {
      if (done < requests.count()) {
        flushAt = requests.nextFlush(done);
      }
      notifyAll();
    }
  }
}
