// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/**
 * The kernel's calls by number, made by {@link DirectCall} where that is available, else through
 * the C library's {@code syscall(2)}.
 *
 * <p>A call returns as the kernel does: a result of 0 or more, or the negated {@code errno}. Both
 * architectures pass the arguments of a variadic function as those of any other, so one handle of
 * seven {@code long} serves every call; a narrower argument is read from the register's low bits.
 */
final class SystemCall {
  private static final boolean AARCH64 = System.getProperty("os.arch", "").equals("aarch64");

  // asm/unistd_64.h for x86-64, asm-generic/unistd.h for aarch64.
  static final long CLOSE = AARCH64 ? 57 : 3;
  static final long MMAP = AARCH64 ? 222 : 9;
  static final long MUNMAP = AARCH64 ? 215 : 11;
  static final long RT_SIGACTION = AARCH64 ? 134 : 13;
  static final long RT_SIGPROCMASK = AARCH64 ? 135 : 14;
  static final long RT_SIGTIMEDWAIT = AARCH64 ? 137 : 128;
  static final long DUP3 = AARCH64 ? 24 : 292;
  static final long CHDIR = AARCH64 ? 49 : 80;
  static final long SETSID = AARCH64 ? 157 : 112;
  static final long MADVISE = AARCH64 ? 233 : 28;
  static final long GETPID = AARCH64 ? 172 : 39;
  static final long SOCKET = AARCH64 ? 198 : 41;
  static final long CONNECT = AARCH64 ? 203 : 42;
  static final long GETSOCKOPT = AARCH64 ? 209 : 55;
  static final long SENDTO = AARCH64 ? 206 : 44;
  static final long RECVFROM = AARCH64 ? 207 : 45;
  static final long SENDMSG = AARCH64 ? 211 : 46;
  static final long RECVMSG = AARCH64 ? 212 : 47;
  static final long SHUTDOWN = AARCH64 ? 210 : 48;
  static final long BIND = AARCH64 ? 200 : 49;
  static final long LISTEN = AARCH64 ? 201 : 50;
  static final long PPOLL = AARCH64 ? 73 : 271;
  static final long ACCEPT4 = AARCH64 ? 242 : 288;
  static final long EVENTFD2 = AARCH64 ? 19 : 290;
  static final long PROCESS_VM_READV = AARCH64 ? 270 : 310;
  static final long PROCESS_VM_WRITEV = AARCH64 ? 271 : 311;
  static final long GETTID = AARCH64 ? 178 : 186;
  static final long TGKILL = AARCH64 ? 131 : 234;
  static final long EXIT_GROUP = AARCH64 ? 94 : 231;
  static final long LSEEK = AARCH64 ? 62 : 8;
  static final long IOCTL = AARCH64 ? 29 : 16;
  static final long PREAD64 = AARCH64 ? 67 : 17;
  static final long PWRITE64 = AARCH64 ? 68 : 18;
  static final long FCNTL = AARCH64 ? 25 : 72;
  static final long FSYNC = AARCH64 ? 82 : 74;
  static final long FDATASYNC = AARCH64 ? 83 : 75;
  static final long FTRUNCATE = AARCH64 ? 46 : 77;
  static final long FADVISE64 = AARCH64 ? 223 : 221;
  static final long OPENAT = AARCH64 ? 56 : 257;
  static final long GETRUSAGE = AARCH64 ? 165 : 98;
  static final long FSTATFS = AARCH64 ? 44 : 138;
  static final long SYNC_FILE_RANGE = AARCH64 ? 84 : 277;
  static final long FALLOCATE = AARCH64 ? 47 : 285;
  static final long COPY_FILE_RANGE = AARCH64 ? 285 : 326;
  static final long PREADV2 = AARCH64 ? 286 : 327;
  static final long PWRITEV2 = AARCH64 ? 287 : 328;
  static final long STATX = AARCH64 ? 291 : 332;

  private static final int EINTR = -4;

  private static volatile boolean linked;

  private SystemCall() {}

  /** Makes a call that does nothing, so that later ones find all prepared. */
  static void link() {
    call(GETPID, 0, 0);
  }

  static long call(long number, long a, long b) {
    return call(Scratch.ofThread(), number, a, b, 0, 0, 0, 0);
  }

  static long call(long number, long a, long b, long c, long d) {
    return call(Scratch.ofThread(), number, a, b, c, d, 0, 0);
  }

  /**
   * Makes a call, again when a signal interrupts it. The memory behind an argument that is an
   * address must stay allocated until this returns.
   *
   * @param scratch of the current thread
   * @return 0 or more, or the negated {@code errno}
   */
  static long call(Scratch scratch, long number, long a, long b, long c, long d, long e, long f) {
    long result;
    do {
      result = callOnce(scratch, number, a, b, c, d, e, f);
    } while (result == EINTR);
    return result;
  }

  /** As {@link #call}, but an interrupted call returns as such. */
  static long callOnce(
      Scratch scratch, long number, long a, long b, long c, long d, long e, long f) {
    if (DirectCall.AVAILABLE) {
      return DirectCall.syscall(number, a, b, c, d, e, f);
    }
    try {
      long result =
          (long) Entry.SYSCALL.invokeExact(scratch.errnoSegment, number, a, b, c, d, e, f);
      return result == -1 ? -scratch.errno() : result;
    } catch (RuntimeException | Error e1) {
      throw e1;
    } catch (Throwable e1) {
      throw new AssertionError(e1); // the handle throws nothing of its own
    }
  }

  /** Whether a call can be made without preparing that first. */
  static boolean isLinked() {
    return DirectCall.AVAILABLE || linked;
  }

  /** The result of a call if it succeeded. */
  static long checked(long result) throws BlockException {
    if (result < 0) {
      throw failure(result);
    }
    return result;
  }

  /** What a negative result of a call means. */
  static BlockException failure(long result) {
    return BlockException.of(Errno.of((int) -result));
  }

  /**
   * The foreign function interface, prepared at the first call, and never in a process that makes
   * none.
   */
  private static final class Entry {
    static final MethodHandle SYSCALL = link();

    @SuppressWarnings("restricted") // The one door; Posix.isAvailable asks for the permission.
    private static MethodHandle link() {
      Linker linker = Linker.nativeLinker();
      MethodHandle handle =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                  JAVA_LONG),
              Linker.Option.captureCallState("errno"));
      linked = true;
      return handle;
    }
  }
}
