// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Signals: sent to the current thread as raise(3) does, for programs that mean to end by one, and
 * waited for.
 */
public final class Signals {
  /** The highest number of a signal. */
  public static final int HIGHEST = 64;

  /** The signal of abort(3). */
  public static final int ABORT = 6;

  /** A signal that is free for programs to use. */
  public static final int USER_1 = 10;

  private static final int SET_BYTES = 8; // of the kernel's sigset_t
  private static final int SIG_BLOCK = 0;
  private static final int SIG_UNBLOCK = 1;
  private static final int SIGACTION_BYTES = 32; // the kernel's struct sigaction, with a margin

  private Signals() {}

  /**
   * Raises a signal with the effect it has on a process that does not handle it: the JVM's own
   * handler is taken away and the signal is let through to this thread. Returns if that effect is
   * to be ignored, or if there is no such signal.
   *
   * @param number 1 to {@value #HIGHEST}
   */
  public static void raiseUnhandled(int number) {
    if (number < 1 || number > HIGHEST) {
      return;
    }
    // All zeroes: SIG_DFL, no flags, empty mask.
    ByteBuffer defaultAction = allocate(SIGACTION_BYTES);
    ByteBuffer set = allocate(SET_BYTES).putLong(0, 1L << (number - 1));
    Scratch scratch = Scratch.ofThread();
    SystemCall.call(
        scratch, SystemCall.RT_SIGACTION, number, addressOf(defaultAction), 0, SET_BYTES, 0, 0);
    SystemCall.call(
        scratch, SystemCall.RT_SIGPROCMASK, SIG_UNBLOCK, addressOf(set), 0, SET_BYTES, 0, 0);
    long process = SystemCall.call(SystemCall.GETPID, 0, 0);
    long thread = SystemCall.call(SystemCall.GETTID, 0, 0);
    // To the thread: one sent to the process may be taken by another thread after this returns.
    SystemCall.call(scratch, SystemCall.TGKILL, process, thread, number, 0, 0, 0);
    Reference.reachabilityFence(defaultAction);
    Reference.reachabilityFence(set);
  }

  /** Whether a signal does not get through to this thread. */
  public static boolean isBlocked(int number) {
    ByteBuffer old = allocate(SET_BYTES);
    long result =
        SystemCall.call(
            Scratch.ofThread(),
            SystemCall.RT_SIGPROCMASK,
            SIG_BLOCK,
            0,
            addressOf(old),
            SET_BYTES,
            0,
            0);
    Reference.reachabilityFence(old);
    return result == 0 && (old.getLong(0) & 1L << (number - 1)) != 0;
  }

  /**
   * Waits until a signal comes that all threads of the process block, and takes it.
   *
   * @return false if it cannot be waited for
   */
  public static boolean await(int number) {
    ByteBuffer set = allocate(SET_BYTES).putLong(0, 1L << (number - 1));
    long result =
        SystemCall.call(
            Scratch.ofThread(), SystemCall.RT_SIGTIMEDWAIT, addressOf(set), 0, 0, SET_BYTES, 0, 0);
    Reference.reachabilityFence(set);
    return result == number;
  }

  private static ByteBuffer allocate(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }

  private static long addressOf(ByteBuffer buffer) {
    return MemorySegment.ofBuffer(buffer).address();
  }
}
