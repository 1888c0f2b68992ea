// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.nbd.protocol.Command;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way.
 *
 * <p>Its fields beside the constants belong to whoever reads the connection's replies until {@link
 * #isDone}, and to the caller from then on.
 */
final class NbdRequest {
  final int command;
  final int flags;
  final long offset;
  final long length;
  final IoVector data; // read into or written from; empty for others

  private final Thread caller = Thread.currentThread();
  private final @Nullable ReadRanges arrived;
  private long statusLength; // of the first run; 0 until it is known
  private long status;
  private int errors;
  private @Nullable BlockException failure;
  private boolean lost;
  private volatile boolean done;
  private volatile boolean waiting;

  private NbdRequest(int command, int flags, long offset, long length, IoVector data) {
    this.command = command;
    this.flags = flags;
    this.offset = offset;
    this.length = length;
    this.data = data;
    this.arrived = command == Command.READ ? new ReadRanges() : null;
  }

  static NbdRequest read(long offset, IoVector into) {
    return new NbdRequest(Command.READ, 0, offset, into.length(), into);
  }

  static NbdRequest write(int flags, long offset, IoVector from) {
    return new NbdRequest(Command.WRITE, flags, offset, from.length(), from);
  }

  /** A request without data. */
  static NbdRequest of(int command, int flags, long offset, long length) {
    return new NbdRequest(command, flags, offset, length, IoVector.empty());
  }

  /** The same request once more, for another connection. */
  NbdRequest again() {
    return new NbdRequest(command, flags, offset, length, data);
  }

  Thread caller() {
    return caller;
  }

  /** Whether the caller waits, or is about to. */
  boolean isWaiting() {
    return waiting;
  }

  void startWaiting() {
    waiting = true;
  }

  boolean isDone() {
    return done;
  }

  /** Whether the connection ended before the reply came: it may be asked again elsewhere. */
  boolean isLost() {
    return lost;
  }

  /** Why the request failed, or null. */
  @Nullable BlockException failure() {
    return failure;
  }

  /** Of the run whose {@link #status} the server told, in bytes. */
  long statusLength() {
    return statusLength;
  }

  /** As the context defines it. */
  long status() {
    return status;
  }

  boolean hasStatus() {
    return statusLength != 0;
  }

  void status(long length, long value) {
    statusLength = length;
    status = value;
  }

  /**
   * Notes that content for {@code length} bytes from {@code start} of the request on arrives.
   *
   * @return false if that is not possible
   */
  boolean arrives(long start, long length) {
    return arrived != null
        && length > 0
        && start >= 0
        && start <= this.length - length
        && arrived.add(start, length);
  }

  /**
   * Notes what the server says went wrong; the first counts.
   *
   * @return how often it has said so
   */
  int fail(BlockException why) {
    if (failure == null) {
      failure = why;
    }
    return ++errors;
  }

  /** The server has said all that it will. */
  void complete() {
    boolean whole =
        switch (command) {
          case Command.READ -> arrived != null && arrived.covers(length);
          case Command.BLOCK_STATUS -> hasStatus();
          default -> true;
        };
    if (!whole && failure == null) {
      failure = BlockException.of(Errno.EIO); // success without all of the answer
    }
    done = true;
  }

  /** There will be no reply. */
  void lose(BlockException why) {
    failure = why;
    lost = true;
    done = true;
  }

  /** What the server sent for this request breaks the rules. */
  void violate(BlockException why) {
    failure = why;
    done = true;
  }
}
