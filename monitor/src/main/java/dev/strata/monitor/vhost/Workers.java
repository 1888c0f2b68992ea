// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of one client on which requests wait, so that later ones overtake them. There are
 * none until the first such request, and they end when there has been nothing to do for a while.
 */
final class Workers implements AutoCloseable {
  private static final int MOST = 16;
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor threads;

  Workers(String name) {
    threads =
        new ThreadPoolExecutor(
            MOST,
            MOST,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name(name).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs that on a thread of its own, now or when one is free. */
  void submit(Runnable request) {
    threads.execute(request);
  }

  /** No more requests come. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
