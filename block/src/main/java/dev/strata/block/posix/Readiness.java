// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Waiting for one of two descriptors, by {@code ppoll(2)}. */
final class Readiness {
  /** Until something happens. */
  static final long FOREVER = -1;

  private static final short POLLIN = 1;
  private static final int ENTRY_SIZE = 8; // struct pollfd
  private static final int EVENTS = 4;
  private static final int RESULT = 6;
  private static final int TIMEOUT = 16; // struct timespec, behind two entries
  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  private Readiness() {}

  /**
   * Returns when one of the two has something to be read, or failed, or the time is over.
   *
   * @param second null for only one
   * @return whether the first one is ready
   */
  static boolean await(FileDescriptor first, @Nullable FileDescriptor second, long nanos)
      throws BlockException {
    Scratch scratch = Scratch.ofThread();
    ByteBuffer structure = scratch.structure;
    put(structure, 0, first);
    if (second != null) {
      put(structure, ENTRY_SIZE, second);
    }
    structure.putLong(TIMEOUT, nanos / NANOS);
    structure.putLong(TIMEOUT + Long.BYTES, nanos % NANOS);
    long result =
        SystemCall.callOnce(
            scratch,
            SystemCall.PPOLL,
            scratch.address,
            second == null ? 1 : 2,
            nanos == FOREVER ? 0 : scratch.address + TIMEOUT,
            0,
            0,
            0);
    // Whoever waits looks again, so that a signal does no harm.
    if (result != -Errno.EINTR.number()) {
      SystemCall.checked(result);
    }
    return result > 0 && structure.getShort(RESULT) != 0;
  }

  private static void put(ByteBuffer structure, int offset, FileDescriptor descriptor) {
    structure.putInt(offset, descriptor.number());
    structure.putInt(offset + EVENTS, POLLIN); // and no revents
  }
}
