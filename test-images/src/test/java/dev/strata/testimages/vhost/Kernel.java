// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.vhost;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls of the kernel that a front-end makes, by number, for x86-64; each succeeds. */
@SuppressWarnings("restricted") // a test plays another program
final class Kernel {
  static final long READ = 0;
  static final long CLOSE = 3;
  static final long MMAP = 9;
  static final long MUNMAP = 11;
  static final long PIPE2 = 293;
  static final long SOCKET = 41;
  static final long CONNECT = 42;
  static final long SENDMSG = 46;
  static final long RECVFROM = 45;
  static final long FCNTL = 72;
  static final long FTRUNCATE = 77;
  static final long WRITE = 1;
  static final long EVENTFD2 = 290;
  static final long MEMFD_CREATE = 319;

  private static final MethodHandle SYSCALL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                  JAVA_LONG));

  private Kernel() {}

  static boolean isKnown() {
    return System.getProperty("os.name", "").equals("Linux")
        && System.getProperty("os.arch", "").equals("amd64");
  }

  /** A call that may fail: then it returns -1. */
  static long attempt(long number, long... arguments) {
    long[] all = java.util.Arrays.copyOf(arguments, 6);
    try {
      return (long) SYSCALL.invokeExact(number, all[0], all[1], all[2], all[3], all[4], all[5]);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static long call(long number, long... arguments) {
    long result = attempt(number, arguments);
    if (result < 0) {
      throw new AssertionError("system call " + number + " fails");
    }
    return result;
  }

  /** A pointer to text. */
  static MemorySegment text(Arena arena, String text) {
    return arena.allocateFrom(text);
  }
}
