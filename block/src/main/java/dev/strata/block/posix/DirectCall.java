// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

/**
 * The kernel's calls without the foreign function interface, whose preparation costs a process 24
 * ms and 40 ms of CPU: a tool that starts for one image has no other cost of that size.
 *
 * <p>Its library is written by {@link DirectCallLibrary} when the launchers are built, and found by
 * the system property {@code strata.calls}. In a process without it, as one that embeds Strata,
 * {@link SystemCall} takes the other way.
 */
final class DirectCall {
  /** Whether {@link #syscall} can be called. */
  static final boolean AVAILABLE = load();

  private DirectCall() {}

  /**
   * Enters the kernel.
   *
   * @return what the kernel returns: 0 or more, or the negated {@code errno}
   */
  static native long syscall(long number, long a, long b, long c, long d, long e, long f);

  @SuppressWarnings("restricted") // Asked for only where Posix.isAvailable saw the permission.
  private static boolean load() {
    String library = System.getProperty("strata.calls");
    if (library == null || !Posix.isAvailable()) {
      return false;
    }
    try {
      System.load(library);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false; // moved away, or where nothing may be executed: the other way is slower, not
      // less
    }
  }
}
