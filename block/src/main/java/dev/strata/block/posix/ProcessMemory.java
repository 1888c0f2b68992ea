// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Copies inside this process that the kernel makes: memory that is not there any more, because its
 * file got shorter, is an error, and not the end of the process.
 */
public final class ProcessMemory {
  private static final long PROCESS = ProcessHandle.current().pid();

  private ProcessMemory() {}

  /**
   * Copies all of {@code from} to the start of {@code to}.
   *
   * @param from of native memory, which may vanish meanwhile
   * @throws BlockException EFAULT if not all of it is there
   */
  public static void copyFrom(IoVector from, MemorySegment to) throws BlockException {
    copy(SystemCall.PROCESS_VM_READV, from, to);
  }

  /**
   * Copies to all of {@code to} from the start of {@code from}.
   *
   * @param to of native memory, which may vanish meanwhile
   * @throws BlockException EFAULT if not all of it is there
   */
  public static void copyTo(IoVector to, MemorySegment from) throws BlockException {
    copy(SystemCall.PROCESS_VM_WRITEV, to, from);
  }

  private static void copy(long call, IoVector outside, MemorySegment inside)
      throws BlockException {
    long done = 0;
    int next = 0;
    while (next < outside.count()) {
      var pieces = new IovecArray(Math.min(outside.count() - next, IovecArray.MAXIMUM_CAPACITY));
      for (; next < outside.count() && !pieces.isFull(); next++) {
        if (outside.segment(next).byteSize() > 0) {
          pieces.add(outside.segment(next));
        }
      }
      long length = pieces.remaining();
      var here = new IovecArray(1);
      if (length > 0) {
        here.add(inside.asSlice(done, length));
        long moved =
            SystemCall.checked(
                SystemCall.call(
                    Scratch.ofThread(),
                    call,
                    PROCESS,
                    here.address(),
                    1,
                    pieces.address(),
                    pieces.count(),
                    0));
        Reference.reachabilityFence(here);
        Reference.reachabilityFence(pieces);
        if (moved != length) {
          throw BlockException.of(Errno.EFAULT);
        }
      }
      done += length;
    }
  }
}
