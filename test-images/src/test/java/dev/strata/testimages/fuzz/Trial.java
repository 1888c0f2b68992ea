// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/**
 * Runs a target on an input, which has to end in time, within memory, and normally or by an {@link
 * IOException}.
 */
final class Trial {
  /** Of processor time: how busy the machine is does not count. */
  static final long MAX_NANOS = 1_000_000_000L;

  /** Of all that is allocated, be it free again at once. */
  static final long MAX_BYTES = 256L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final BufferPoolMXBean DIRECT = direct();

  private Trial() {}

  private static BufferPoolMXBean direct() {
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      if (pool.getName().equals("direct")) {
        return pool;
      }
    }
    throw new IllegalStateException("no pool of direct buffers");
  }

  /** Throws {@link Finding} if the target did what it must not. */
  static void run(FuzzTarget target, byte[] input) {
    run(target, input, MAX_NANOS);
  }

  /** The same with another limit of processor time, where the code has been made slower. */
  static void run(FuzzTarget target, byte[] input, long maxNanos) {
    try {
      runOnce(target, input, maxNanos);
    } catch (TooMuch e) {
      // Once more: what the virtual machine did meanwhile, for the first time, is not the target's.
      try {
        runOnce(target, input, maxNanos);
      } catch (TooMuch again) {
        throw new Finding(String.valueOf(again.getMessage()));
      }
    }
  }

  private static final class TooMuch extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooMuch(String what) {
      super(what);
    }
  }

  private static void runOnce(FuzzTarget target, byte[] input, long maxNanos) {
    long allocated = THREADS.getTotalThreadAllocatedBytes();
    long direct = DIRECT.getMemoryUsed();
    long start = THREADS.getCurrentThreadCpuTime();
    try {
      target.run(input.clone());
    } catch (IOException e) {
      String text = e.getMessage();
      if (text != null && (text.contains("Exception") || text.length() > MAX_MESSAGE)) {
        throw new Finding(target.name() + ": no message for a user: " + text, e);
      }
    } catch (Finding e) {
      throw e;
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError | AssertionError e) {
      throw new Finding(target.name() + ": " + e, e);
    }
    long nanos = THREADS.getCurrentThreadCpuTime() - start;
    long bytes = THREADS.getTotalThreadAllocatedBytes() - allocated;
    bytes += Math.max(0, DIRECT.getMemoryUsed() - direct);
    if (nanos > maxNanos) {
      throw new TooMuch(target.name() + ": took " + nanos / 1_000_000 + " ms");
    }
    if (bytes > MAX_BYTES) {
      throw new TooMuch(target.name() + ": allocated " + bytes + " bytes");
    }
  }

  /** Names of files are part of messages, and some are long. */
  private static final int MAX_MESSAGE = 1 << 20;
}
