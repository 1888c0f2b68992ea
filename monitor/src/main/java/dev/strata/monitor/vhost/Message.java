// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.UnixConnection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of either side, in memory that is used again for the next one. The descriptors that
 * came with it are closed with it, but for those that were taken. All numbers are in the machine's
 * byte order.
 *
 * @see "QEMU docs/interop/vhost-user, Message Specification"
 */
final class Message implements AutoCloseable {
  /** The most bytes of a payload: a configuration of 256 bytes, a table of 8 regions. */
  static final int MOST_PAYLOAD = 1024;

  private static final int HEADER = 12;
  private static final int VERSION = 1;
  private static final int VERSION_MASK = 3;
  private static final int REPLY = 1 << 2;
  private static final int NEED_REPLY = 1 << 3;

  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(HEADER + MOST_PAYLOAD).order(ByteOrder.nativeOrder());
  private final List<FileDescriptor> descriptors = new ArrayList<>();
  private int taken; // of the descriptors, from the first on

  /**
   * Waits for the next message.
   *
   * @return false if the peer has hung up between messages
   * @throws BlockException EPROTO if it is none
   */
  boolean receive(UnixConnection connection) throws BlockException {
    bytes.clear().limit(HEADER);
    while (bytes.hasRemaining()) {
      boolean between = bytes.position() == 0;
      if (!connection.receive(bytes, descriptors)) {
        if (between) {
          return false;
        }
        throw wrong("the connection ends inside a message");
      }
      if (descriptors.size() > UnixConnection.MOST_DESCRIPTORS) {
        throw wrong("a message with " + descriptors.size() + " descriptors");
      }
    }
    if ((flags() & VERSION_MASK) != VERSION || (flags() & REPLY) != 0) {
      throw wrong("message flags 0x" + Integer.toHexString(flags()));
    }
    int size = bytes.getInt(8);
    if (size < 0 || size > MOST_PAYLOAD) {
      throw wrong("a payload of " + Integer.toUnsignedString(size) + " bytes");
    }
    bytes.limit(HEADER + size);
    if (!connection.receiveAll(bytes)) {
      throw wrong("the connection ends inside a message");
    }
    return true;
  }

  static BlockException wrong(String what) {
    return new BlockException(Errno.EPROTO, what);
  }

  int type() {
    return bytes.getInt(0);
  }

  private int flags() {
    return bytes.getInt(4);
  }

  boolean needsReply() {
    return (flags() & NEED_REPLY) != 0;
  }

  /** The bytes of the payload. */
  int size() {
    return bytes.limit() - HEADER;
  }

  /** Fails unless the payload has that many bytes. */
  void require(int size) throws BlockException {
    if (size() != size) {
      throw wrong("message " + type() + " with a payload of " + size() + " bytes");
    }
  }

  int u32(int offset) {
    return bytes.getInt(HEADER + offset);
  }

  long u64(int offset) {
    return bytes.getLong(HEADER + offset);
  }

  int u8(int offset) {
    return bytes.get(HEADER + offset) & 0xff;
  }

  // Descriptors

  /** Fails unless that many descriptors came. */
  void requireDescriptors(int count) throws BlockException {
    if (descriptors.size() != count) {
      throw wrong("message " + type() + " with " + descriptors.size() + " descriptors");
    }
  }

  /** A descriptor, which stays this message's. */
  FileDescriptor descriptor(int index) {
    return descriptors.get(index);
  }

  /** The first descriptor, which is the caller's from now on. */
  FileDescriptor takeDescriptor() {
    return descriptors.get(taken++);
  }

  /** Closes the descriptors that nobody took. */
  @Override
  public void close() throws BlockException {
    for (FileDescriptor each : descriptors.subList(taken, descriptors.size())) {
      each.close();
    }
    descriptors.clear();
    taken = 0;
  }

  // Replies, to the message that this was

  /** Begins a reply; the type stays. */
  Message reply(int size) {
    bytes.clear().limit(HEADER + size);
    bytes.putInt(4, VERSION | REPLY);
    bytes.putInt(8, size);
    return this;
  }

  Message put(int offset, int value) {
    bytes.putInt(HEADER + offset, value);
    return this;
  }

  Message put(int offset, long value) {
    bytes.putLong(HEADER + offset, value);
    return this;
  }

  Message put(int offset, byte[] source, int from, int length) {
    bytes.put(HEADER + offset, source, from, length);
    return this;
  }

  void send(UnixConnection connection) throws BlockException {
    connection.send(bytes);
  }
}
