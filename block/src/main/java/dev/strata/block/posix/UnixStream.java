// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.GatheringByteChannel;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A connected Unix socket. One thread may read while another writes, and any may close it, which
 * ends the calls of both.
 *
 * <p>The JDK's channel does the same, but its class prepares a secure random generator, for names
 * that only servers need: more than all else that opening a connection takes. And it has no call
 * that waits for a whole buffer. Calls block their thread, a virtual one's carrier included.
 */
public final class UnixStream implements ByteChannel, GatheringByteChannel {
  private static final int MSG_WAITALL = 0x100;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int BOTH_WAYS = 2; // SHUT_RDWR

  /** Of what goes through memory that the kernel can reach, when a buffer is on the heap. */
  private static final int BOUNCE = 16 * 1024;

  /** What one call sends from: more buffers are for the next. */
  private static final int MOST_PIECES = 64;

  // struct msghdr: name, its length, the pieces, how many, control, its length, flags
  private static final int PIECES = 16;
  private static final int PIECE_COUNT = 24;
  private static final int MESSAGE = 56;

  private static final int CLOSED = 1 << 31;

  private final FileDescriptor descriptor;
  private final AtomicInteger users = new AtomicInteger(); // calls in progress, and CLOSED
  private final IovecArray pieces = new IovecArray(MOST_PIECES); // of the thread that writes
  private final ByteBuffer message =
      ByteBuffer.allocateDirect(MESSAGE).order(ByteOrder.nativeOrder());
  private final long messageAddress = MemorySegment.ofBuffer(message).address();

  private UnixStream(FileDescriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Connects to whoever listens at a path.
   *
   * @param path of less than 108 bytes
   * @throws BlockException the system's reason alone
   */
  public static UnixStream connect(String path) throws BlockException {
    return new UnixStream(UnixConnection.connected(path));
  }

  /**
   * Reads until all of {@code into} is filled, mostly with one call of the system.
   *
   * @param into native memory
   * @return false if the peer has hung up before
   */
  public boolean fill(MemorySegment into) throws IOException {
    long start = FileDescriptor.addressOf(into);
    for (long done = 0; done < into.byteSize(); ) {
      long count = receive(start + done, into.byteSize() - done, MSG_WAITALL);
      if (count < 0) {
        return false;
      }
      done += count;
    }
    Reference.reachabilityFence(into);
    return true;
  }

  /** Reads at least one byte if there is room for it; -1 at the end. */
  @Override
  public int read(ByteBuffer into) throws IOException {
    if (!into.hasRemaining()) {
      return 0;
    }
    boolean direct = into.isDirect();
    ByteBuffer target =
        direct ? into : ByteBuffer.allocateDirect(Math.min(into.remaining(), BOUNCE));
    int count = (int) receive(addressOf(target), target.remaining(), 0);
    Reference.reachabilityFence(target);
    if (count > 0 && direct) {
      into.position(into.position() + count);
    } else if (count > 0) {
      into.put(target.limit(count));
    }
    return count;
  }

  private long receive(long start, long length, int flags) throws IOException {
    enter();
    long result;
    try {
      result =
          SystemCall.call(
              Scratch.ofThread(),
              SystemCall.RECVFROM,
              descriptor.number(),
              start,
              length,
              flags,
              0,
              0);
    } finally {
      leave();
    }
    long count = checked(result);
    return count == 0 ? -1 : count;
  }

  /** Writes at least one byte if there is one. */
  @Override
  public int write(ByteBuffer from) throws IOException {
    if (!from.hasRemaining()) {
      return 0;
    }
    ByteBuffer source = from;
    if (!from.isDirect()) {
      int length = Math.min(from.remaining(), BOUNCE);
      source = ByteBuffer.allocateDirect(length).put(0, from, from.position(), length);
    }
    long start = addressOf(source);
    enter();
    long result;
    try {
      result =
          SystemCall.call(
              Scratch.ofThread(),
              SystemCall.SENDTO,
              descriptor.number(),
              start,
              source.remaining(),
              MSG_NOSIGNAL,
              0,
              0);
    } finally {
      leave();
    }
    Reference.reachabilityFence(source);
    int count = (int) checked(result);
    from.position(from.position() + count);
    return count;
  }

  @Override
  public long write(ByteBuffer[] from) throws IOException {
    return write(from, 0, from.length);
  }

  /** Writes at least one byte if there is one; those on the heap alone. */
  @Override
  public long write(ByteBuffer[] from, int first, int count) throws IOException {
    pieces.clear();
    try {
      for (int i = first; i < first + count && !pieces.isFull(); i++) {
        if (!from[i].hasRemaining()) {
          continue;
        }
        if (!from[i].isDirect()) {
          if (pieces.remaining() == 0) {
            return write(from[i]);
          }
          break;
        }
        pieces.add(MemorySegment.ofBuffer(from[i]));
      }
      if (pieces.remaining() == 0) {
        return 0;
      }
      long sent = sendPieces();
      long left = sent;
      for (int i = first; left > 0; i++) {
        int part = (int) Math.min(left, from[i].remaining());
        from[i].position(from[i].position() + part);
        left -= part;
      }
      return sent;
    } finally {
      pieces.clear();
    }
  }

  private long sendPieces() throws IOException {
    message.putLong(PIECES, pieces.address());
    message.putLong(PIECE_COUNT, pieces.count());
    enter();
    long result;
    try {
      result =
          SystemCall.call(SystemCall.SENDMSG, descriptor.number(), messageAddress, MSG_NOSIGNAL, 0);
    } finally {
      leave();
    }
    return checked(result);
  }

  private static long addressOf(ByteBuffer buffer) {
    return MemorySegment.ofBuffer(buffer).address();
  }

  /** Keeps the descriptor open, so that its number stays this socket's. */
  private void enter() throws IOException {
    if (users.incrementAndGet() < 0) {
      leave();
      throw new ClosedChannelException();
    }
  }

  private void leave() throws BlockException {
    if (users.decrementAndGet() == CLOSED) {
      descriptor.close();
    }
  }

  private long checked(long result) throws IOException {
    if (users.get() < 0) {
      throw new AsynchronousCloseException(); // what the call returned is an effect of that
    }
    return SystemCall.checked(result);
  }

  /** Of any thread. */
  int callsInProgress() {
    return users.get() & ~CLOSED;
  }

  @Override
  public boolean isOpen() {
    return users.get() >= 0;
  }

  /**
   * Ends the connection; calls in progress return at once and fail. A second time does nothing
   * more.
   */
  @Override
  public void close() throws BlockException {
    users.getAndIncrement();
    try {
      users.getAndAccumulate(CLOSED, (count, closed) -> count | closed);
      // It fails only where the peer has hung up already, which is as good.
      SystemCall.call(SystemCall.SHUTDOWN, descriptor.number(), BOTH_WAYS);
    } finally {
      leave();
    }
  }
}
