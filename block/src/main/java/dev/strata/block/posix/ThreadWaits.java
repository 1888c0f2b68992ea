// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

/** How often a thread has had to wait, as the kernel counts it. */
public final class ThreadWaits {
  /** In place of a count, where there is none. */
  public static final long UNKNOWN = -1;

  private static final long CALLING_THREAD = 1; // RUSAGE_THREAD
  private static final int VOLUNTARY_SWITCHES =
      128; // ru_nvcsw in struct rusage, both architectures

  private ThreadWaits() {}

  /**
   * How many times the current thread has given its processor up to wait for a device, for a lock
   * or for another thread; a processor that was taken away does not count. Costs a system call.
   *
   * @return {@link #UNKNOWN} for a virtual thread, and where there is no such call
   */
  public static long count() {
    if (Thread.currentThread().isVirtual() || !Posix.isAvailable()) {
      return UNKNOWN;
    }
    Scratch scratch = Scratch.ofThread();
    long result = SystemCall.call(SystemCall.GETRUSAGE, CALLING_THREAD, scratch.address);
    return result < 0 ? UNKNOWN : scratch.structure.getLong(VOLUNTARY_SWITCHES);
  }
}
