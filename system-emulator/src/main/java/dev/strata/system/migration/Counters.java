// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import java.util.concurrent.atomic.AtomicLong;

/** What has been sent so far. Written by one thread, read by any. */
final class Counters {
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong normalPages = new AtomicLong();
  private final AtomicLong zeroPages = new AtomicLong();
  private final AtomicLong passes = new AtomicLong();
  private final long began = System.nanoTime();
  private volatile long setUp;
  private volatile long stopped;
  private volatile long ended;

  void sent(int pages, boolean zero) {
    (zero ? zeroPages : normalPages).addAndGet(pages);
  }

  void sentBytes(long more) {
    bytes.addAndGet(more);
  }

  long pass() {
    return passes.incrementAndGet();
  }

  void setUp() {
    setUp = System.nanoTime();
  }

  void stopped() {
    stopped = System.nanoTime();
  }

  void ended() {
    ended = System.nanoTime();
  }

  long bytes() {
    return bytes.get();
  }

  long normalPages() {
    return normalPages.get();
  }

  long zeroPages() {
    return zeroPages.get();
  }

  long passes() {
    return passes.get();
  }

  long setUpMillis() {
    return (setUp - began) / 1_000_000;
  }

  long totalMillis() {
    return ((ended == 0 ? System.nanoTime() : ended) - began) / 1_000_000;
  }

  long downMillis() {
    return stopped == 0 || ended == 0 ? 0 : (ended - stopped) / 1_000_000;
  }
}
