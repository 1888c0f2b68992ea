// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device;

import dev.strata.block.BlockException;
import java.util.concurrent.Executor;

/**
 * A device's requests to images. They run elsewhere, without the device's lock, and it goes on with
 * the lock held when one is done; a device that was reset meanwhile does not hear of it. All
 * methods are called with the lock held.
 */
public final class ImageRequests {
  /** A request. */
  @FunctionalInterface
  public interface Request {
    /** Carries it out, without the lock. */
    void run() throws BlockException;
  }

  private final Object lock;
  private final Executor worker;
  private int generation;
  private int underWay;

  /**
   * For one device.
   *
   * @param lock the device's
   * @param worker runs requests, one after the other
   */
  public ImageRequests(Object lock, Executor worker) {
    this.lock = lock;
    this.worker = worker;
  }

  /** How many are not done, abandoned ones among them. */
  public int underWay() {
    return underWay;
  }

  /** The device is reset: nobody waits for what is under way any more. */
  public void abandon() {
    generation++;
  }

  /**
   * Has a request carried out, and goes on with {@code then}, or with {@code orElse} if it fails.
   */
  public void run(Request request, Runnable then, Runnable orElse) {
    int mine = generation;
    underWay++;
    worker.execute(() -> {
      boolean failed = false;
      try {
        request.run();
      } catch (BlockException _) {
        failed = true;
      }
      synchronized (lock) {
        underWay--;
        if (mine == generation) {
          (failed ? orElse : then).run();
        }
      }
    });
  }
}
