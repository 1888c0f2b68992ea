// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Something that one process signals and another waits for: an {@code eventfd(2)}, or a pipe in its
 * place. Any thread may call.
 *
 * <p>No call here waits, as long as nobody else makes the counter wait again.
 */
public final class EventCounter implements AutoCloseable {
  private static final long CLOSE_ON_EXEC = 0x80000; // EFD_CLOEXEC
  private static final long NONBLOCK = 0x800; // EFD_NONBLOCK
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int RWF_NOWAIT = 0x8;
  private static final long CURRENT_POSITION = -1;
  private static final int NUMBER_SIZE = 8;

  private final FileDescriptor descriptor;

  private EventCounter(FileDescriptor descriptor) {
    this.descriptor = descriptor;
  }

  /** A new one. */
  public static EventCounter create() throws BlockException {
    long result = SystemCall.call(SystemCall.EVENTFD2, 0, CLOSE_ON_EXEC | NONBLOCK);
    return new EventCounter(new FileDescriptor((int) SystemCall.checked(result)));
  }

  /**
   * One that somebody else made, who may have passed a descriptor of anything.
   *
   * @param descriptor from now on this object's, unless this fails
   * @throws BlockException EINVAL if it is a file, a directory or a device, which are always ready
   */
  public static EventCounter of(FileDescriptor descriptor) throws BlockException {
    FileStatus status = descriptor.status();
    if (status.isRegularFile()
        || status.isDirectory()
        || status.isBlockDevice()
        || status.isCharacterDevice()) {
      throw BlockException.of(Errno.EINVAL);
    }
    long flags =
        SystemCall.checked(SystemCall.call(SystemCall.FCNTL, descriptor.number(), F_GETFL));
    SystemCall.checked(
        SystemCall.call(SystemCall.FCNTL, descriptor.number(), F_SETFL, flags | NONBLOCK, 0));
    return new EventCounter(descriptor);
  }

  FileDescriptor descriptor() {
    return descriptor;
  }

  /**
   * Returns when this one or the other has been signalled, when no more signals can come, or when
   * the time is over; perhaps earlier.
   *
   * @param other null for none
   * @param nanos negative to wait as long as it takes
   */
  public void await(@Nullable EventCounter other, long nanos) throws BlockException {
    Readiness.await(
        descriptor, other == null ? null : other.descriptor, nanos < 0 ? Readiness.FOREVER : nanos);
  }

  /** Signals. A counter that is full already, or a full pipe, is left as it is. */
  public void signal() throws BlockException {
    transfer(SystemCall.PWRITEV2, 0); // the kernel has no RWF_NOWAIT for it
  }

  /**
   * Takes the signals that have come.
   *
   * @return false if there were none
   * @throws BlockException EPIPE if no more can come; EOPNOTSUPP if this is neither an event
   *     counter nor a pipe
   */
  public boolean clear() throws BlockException {
    long moved = transfer(SystemCall.PREADV2, RWF_NOWAIT);
    if (moved == 0) {
      throw BlockException.of(Errno.EPIPE);
    }
    return moved > 0;
  }

  /** How many bytes were moved; -1 if it would have had to wait. */
  private long transfer(long call, int flags) throws BlockException {
    Scratch scratch = Scratch.ofThread();
    ByteBuffer structure = scratch.structure;
    structure.putLong(0, scratch.address + 2 * NUMBER_SIZE); // struct iovec
    structure.putLong(NUMBER_SIZE, NUMBER_SIZE);
    structure.putLong(2 * NUMBER_SIZE, 1);
    long result =
        SystemCall.call(
            scratch,
            call,
            descriptor.number(),
            scratch.address,
            1,
            CURRENT_POSITION,
            CURRENT_POSITION,
            flags);
    Reference.reachabilityFence(structure);
    if (result == -Errno.EAGAIN.number()) {
      return -1;
    }
    return SystemCall.checked(result);
  }

  @Override
  public void close() throws BlockException {
    descriptor.close();
  }
}
