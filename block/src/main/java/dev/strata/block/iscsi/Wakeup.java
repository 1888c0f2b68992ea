// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Waiting for a socket in a way that other threads can end.
 *
 * @see "poll(2), eventfd(2)"
 */
final class Wakeup implements AutoCloseable {
  static final int POLLIN = 1;
  static final int POLLOUT = 4;

  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;

  // struct pollfd: int fd at 0, short events at 4, short revents at 6
  private static final long POLLFD_SIZE = 8;
  private static final long EVENTS = 4;
  private static final long RETURNED = 6;

  static {
    Native.register(Wakeup.class, NativeLibrary.getProcess()); // the C library is in every one
  }

  private final int eventFd;
  private final MemorySegment watched; // the event, the socket
  private final MemorySegment counter;

  /**
   * Nothing is woken yet.
   *
   * @param memory lives longer than this
   */
  Wakeup(Arena memory) throws BlockException {
    watched = memory.allocate(2 * POLLFD_SIZE, POLLFD_SIZE);
    counter = memory.allocate(ValueLayout.JAVA_LONG);
    eventFd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (eventFd < 0) {
      throw BlockException.of(Errno.of(Native.getLastError()));
    }
    watched.set(ValueLayout.JAVA_INT, 0, eventFd);
    watched.set(ValueLayout.JAVA_SHORT, EVENTS, (short) POLLIN);
  }

  static native int poll(long descriptors, long count, int timeoutMillis);

  static native int eventfd(int value, int flags);

  static native int eventfd_write(int descriptor, long value);

  static native int eventfd_read(int descriptor, long value);

  static native int close(int descriptor);

  /** Ends a wait that is under way, or else the next one. */
  void wake() {
    eventfd_write(eventFd, 1); // fails only when it has been woken 2^64 times
  }

  /**
   * Waits.
   *
   * @param events of the socket: {@link #POLLIN}, {@link #POLLOUT}, or 0 to wait without it
   * @param timeoutMillis at most
   * @return what happened to the socket; 0 for nothing
   */
  int await(int socket, int events, int timeoutMillis) {
    boolean both = events != 0;
    watched.set(ValueLayout.JAVA_INT, POLLFD_SIZE, socket);
    watched.set(ValueLayout.JAVA_SHORT, POLLFD_SIZE + EVENTS, (short) events);
    watched.set(ValueLayout.JAVA_SHORT, RETURNED, (short) 0);
    watched.set(ValueLayout.JAVA_SHORT, POLLFD_SIZE + RETURNED, (short) 0);
    if (poll(watched.address(), both ? 2 : 1, timeoutMillis) <= 0) {
      return 0; // nothing happened, or a signal did
    }
    if (watched.get(ValueLayout.JAVA_SHORT, RETURNED) != 0) {
      eventfd_read(eventFd, counter.address());
    }
    return both ? watched.get(ValueLayout.JAVA_SHORT, POLLFD_SIZE + RETURNED) : 0;
  }

  /** Nobody waits or wakes any more. */
  @Override
  public void close() {
    close(eventFd);
  }
}
