// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream between two processes of one host that carries file descriptors, by {@code SCM_RIGHTS}.
 * One thread reads and one writes; any may {@link #hangUp}.
 */
public final class UnixConnection implements AutoCloseable {
  /** The most descriptors that come with one piece of the stream; a peer that sends more fails. */
  public static final int MOST_DESCRIPTORS = 64;

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;

  private static final long MSG_CMSG_CLOEXEC = 0x40000000L;
  private static final int MSG_CTRUNC = 8;
  private static final long MSG_NOSIGNAL = 0x4000;
  private static final long BOTH_WAYS = 2; // SHUT_RDWR
  private static final int SOL_SOCKET = 1;
  private static final int SO_ACCEPTCONN = 30;
  private static final int SO_DOMAIN = 39;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int SCM_RIGHTS = 1;
  private static final int CONTROL_HEADER = 16; // struct cmsghdr
  private static final int CONTROL = CONTROL_HEADER + MOST_DESCRIPTORS * Integer.BYTES;

  // struct msghdr: name, its length, the pieces, how many, control, its length, flags
  private static final int PIECES = 16;
  private static final int PIECE_COUNT = 24;
  private static final int CONTROL_AT = 32;
  private static final int CONTROL_LENGTH = 40;
  private static final int FLAGS = 48;
  private static final int MESSAGE = 56;
  private static final int PIECE = MESSAGE; // struct iovec
  private static final int CONTROL_DATA = PIECE + 16;

  private final FileDescriptor descriptor;
  private final ByteBuffer structure =
      ByteBuffer.allocateDirect(CONTROL_DATA + CONTROL).order(ByteOrder.nativeOrder());
  private final long address = MemorySegment.ofBuffer(structure).address();

  UnixConnection(FileDescriptor descriptor) {
    this.descriptor = descriptor;
  }

  /** Connects to whoever listens at a path, whose length {@link Listener} has limits for. */
  public static UnixConnection connect(String path) throws BlockException {
    Listener.checkPath(path);
    return new UnixConnection(connected(path));
  }

  /** A socket that is connected to whoever listens at a path. */
  static FileDescriptor connected(String path) throws BlockException {
    FileDescriptor descriptor = socket();
    boolean connected = false;
    try {
      ByteBuffer address = address(path);
      long start = MemorySegment.ofBuffer(address).address();
      SystemCall.checked(
          SystemCall.call(SystemCall.CONNECT, descriptor.number(), start, address.remaining(), 0));
      Reference.reachabilityFence(address);
      connected = true;
      return descriptor;
    } finally {
      if (!connected) {
        descriptor.close();
      }
    }
  }

  /**
   * The connection of that number that whoever started this process left open for it; null if what
   * is there is something else.
   */
  public static @Nullable UnixConnection inherited(int number) throws BlockException {
    if (option(number, SO_DOMAIN) != AF_UNIX || option(number, SO_ACCEPTCONN) != 0) {
      return null;
    }
    // Whoever made it may have had no wish to wait; here each end has a thread of its own.
    long flags = SystemCall.checked(SystemCall.call(SystemCall.FCNTL, number, F_GETFL));
    SystemCall.checked(
        SystemCall.call(SystemCall.FCNTL, number, F_SETFL, flags & ~OpenFlags.NON_BLOCKING, 0));
    return new UnixConnection(new FileDescriptor(number));
  }

  /** An option of a socket; -1 for what is none. */
  private static int option(int number, int name) {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putInt(0, -1).putInt(Long.BYTES, Integer.BYTES);
    long value = scratch.address;
    long result =
        SystemCall.call(
            scratch, SystemCall.GETSOCKOPT, number, SOL_SOCKET, name, value, value + Long.BYTES, 0);
    return result < 0 ? -1 : scratch.structure.getInt(0);
  }

  static FileDescriptor socket() throws BlockException {
    long opened = SystemCall.call(SystemCall.SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
    return new FileDescriptor((int) SystemCall.checked(opened));
  }

  /** The {@code struct sockaddr_un} of a path, in native memory. */
  static ByteBuffer address(String path) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    ByteBuffer address = ByteBuffer.allocateDirect(Short.BYTES + name.length + 1);
    address.order(ByteOrder.nativeOrder()).putShort((short) AF_UNIX).put(name).put((byte) 0);
    return address.flip();
  }

  /**
   * Reads at least one byte, and the descriptors that came with it.
   *
   * @param into a direct buffer, whose position moves on
   * @param received gets the descriptors, which are its owner's then, also if this fails
   * @return false if the peer has hung up
   * @throws BlockException EPROTO if there were more descriptors than can be taken
   */
  public boolean receive(ByteBuffer into, List<FileDescriptor> received) throws BlockException {
    long start = MemorySegment.ofBuffer(into).address();
    for (int i = 0; i < MESSAGE; i += Long.BYTES) {
      structure.putLong(i, 0);
    }
    structure.putLong(PIECES, address + PIECE);
    structure.putLong(PIECE_COUNT, 1);
    structure.putLong(CONTROL_AT, address + CONTROL_DATA);
    structure.putLong(CONTROL_LENGTH, CONTROL);
    structure.putLong(PIECE, start);
    structure.putLong(PIECE + Long.BYTES, into.remaining());
    long result =
        SystemCall.checked(
            SystemCall.call(SystemCall.RECVMSG, descriptor.number(), address, MSG_CMSG_CLOEXEC, 0));
    Reference.reachabilityFence(into);
    takeDescriptors(received);
    if ((structure.getInt(FLAGS) & MSG_CTRUNC) != 0) {
      throw BlockException.of(Errno.EPROTO);
    }
    into.position(into.position() + (int) result);
    return result > 0;
  }

  private void takeDescriptors(List<FileDescriptor> received) {
    long length = Math.min(structure.getLong(CONTROL_LENGTH), CONTROL);
    if (length < CONTROL_HEADER
        || structure.getInt(CONTROL_DATA + 8) != SOL_SOCKET
        || structure.getInt(CONTROL_DATA + 12) != SCM_RIGHTS) {
      return; // nothing else is asked for
    }
    long end = Math.min(structure.getLong(CONTROL_DATA), length);
    for (int at = CONTROL_HEADER; at + Integer.BYTES <= end; at += Integer.BYTES) {
      received.add(new FileDescriptor(structure.getInt(CONTROL_DATA + at)));
    }
  }

  /**
   * Reads until the buffer is full; descriptors that come meanwhile are closed.
   *
   * @param into a direct buffer
   * @return false if the peer has hung up before
   */
  public boolean receiveAll(ByteBuffer into) throws BlockException {
    while (into.hasRemaining()) {
      var unwanted = new ArrayList<FileDescriptor>();
      try {
        if (!receive(into, unwanted)) {
          return false;
        }
      } finally {
        for (FileDescriptor each : unwanted) {
          each.close();
        }
      }
    }
    return true;
  }

  /**
   * Writes all bytes between the position and the limit.
   *
   * @param from a direct buffer
   */
  public void send(ByteBuffer from) throws BlockException {
    while (from.hasRemaining()) {
      long start = MemorySegment.ofBuffer(from).address();
      long result =
          SystemCall.checked(
              SystemCall.call(
                  Scratch.ofThread(),
                  SystemCall.SENDTO,
                  descriptor.number(),
                  start,
                  from.remaining(),
                  MSG_NOSIGNAL,
                  0,
                  0));
      Reference.reachabilityFence(from);
      from.position(from.position() + (int) result);
    }
  }

  /** Ends the conversation: whoever reads or writes returns. */
  public void hangUp() {
    // It fails only where the peer has hung up already, which is as good.
    SystemCall.call(SystemCall.SHUTDOWN, descriptor.number(), BOTH_WAYS);
  }

  @Override
  public void close() throws BlockException {
    descriptor.close();
  }
}
