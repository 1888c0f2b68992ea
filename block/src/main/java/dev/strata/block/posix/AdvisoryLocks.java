// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;

/**
 * Locks on byte ranges of a file that belong to the open file description ({@code F_OFD_SETLK},
 * fcntl(2)): unlike {@code FileChannel}'s they conflict within the process too, and stay when
 * another descriptor of the file is closed. They go with the last descriptor of their description.
 *
 * <p>A shared lock needs a descriptor open for reading, an exclusive one a descriptor open for
 * writing (EBADF). Any thread may call; none of the calls waits.
 */
public final class AdvisoryLocks {
  private static final int GET_LOCK = 36; // F_OFD_GETLK
  private static final int SET_LOCK = 37; // F_OFD_SETLK

  private static final short SHARED = 0; // F_RDLCK
  private static final short EXCLUSIVE = 1; // F_WRLCK
  private static final short UNLOCKED = 2; // F_UNLCK

  private final FileDescriptor file;

  public AdvisoryLocks(FileDescriptor file) {
    this.file = file;
  }

  /** Whether the file system and the kernel know these locks. */
  public boolean isSupported() {
    Scratch scratch = Scratch.ofThread();
    describe(scratch.structure, SHARED, 0, 1);
    return fcntl(scratch, GET_LOCK) >= 0;
  }

  /**
   * Locks a range, or changes the lock that this description has there.
   *
   * @param length in bytes; 0 stands for everything from {@code start} on
   * @return false if another description's lock is in the way
   */
  public boolean tryLock(long start, long length, boolean exclusive) throws BlockException {
    Scratch scratch = Scratch.ofThread();
    describe(scratch.structure, exclusive ? EXCLUSIVE : SHARED, start, length);
    long result = fcntl(scratch, SET_LOCK);
    // POSIX lets a system answer either.
    if (result == -Errno.EAGAIN.number() || result == -Errno.EACCES.number()) {
      return false;
    }
    SystemCall.checked(result);
    return true;
  }

  /** Gives up this description's locks on a range; not an error if it has none. */
  public void unlock(long start, long length) throws BlockException {
    Scratch scratch = Scratch.ofThread();
    describe(scratch.structure, UNLOCKED, start, length);
    SystemCall.checked(fcntl(scratch, SET_LOCK));
  }

  /** Whether another description holds a lock that would make {@link #tryLock} return false. */
  public boolean isHeldElsewhere(long start, long length, boolean exclusive) throws BlockException {
    Scratch scratch = Scratch.ofThread();
    describe(scratch.structure, exclusive ? EXCLUSIVE : SHARED, start, length);
    SystemCall.checked(fcntl(scratch, GET_LOCK));
    return scratch.structure.getShort(0) != UNLOCKED;
  }

  /** Fills in {@code struct flock}, the same on both architectures. */
  private static void describe(ByteBuffer flock, short type, long start, long length) {
    flock.putShort(0, type);
    flock.putShort(2, (short) 0); // l_whence: SEEK_SET
    flock.putInt(4, 0);
    flock.putLong(8, start);
    flock.putLong(16, length);
    flock.putLong(24, 0); // l_pid: must be 0 for these commands
  }

  private long fcntl(Scratch scratch, int command) {
    return SystemCall.call(
        scratch, SystemCall.FCNTL, file.number(), command, scratch.address, 0, 0, 0);
  }
}
