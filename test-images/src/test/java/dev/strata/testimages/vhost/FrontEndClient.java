// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.vhost;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A vhost-user front-end with one queue, which says whatever a test wants. */
final class FrontEndClient implements AutoCloseable {
  static final int QUEUE = 128;
  static final long USER = 0x7f0000000000L;
  static final long DESCRIPTORS = 0;
  static final long AVAILABLE = 0x4000;
  static final long USED = 0x8000;
  static final long HEADER = 0x10000;
  static final long RESULT = 0x11000;
  static final long DATA = 0x20000;
  static final long SIZE = 1 << 20;

  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  private static final int NEED_REPLY = 8;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Arena arena = Arena.ofConfined();
  private final int socket;
  final GuestPages pages;
  final int kick = (int) Kernel.call(Kernel.EVENTFD2, 0, 0x800);
  final int call = (int) Kernel.call(Kernel.EVENTFD2, 0, 0x800);
  private int offered;
  private int given;

  FrontEndClient(Path path, boolean sealed) {
    pages = GuestPages.of(SIZE, sealed);
    socket = (int) Kernel.call(Kernel.SOCKET, 1, 1, 0);
    byte[] name = path.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    MemorySegment address = arena.allocate(110);
    address.set(JAVA_SHORT_UNALIGNED, 0, (short) 1);
    MemorySegment.copy(MemorySegment.ofArray(name), 0, address, 2, name.length);
    Kernel.call(Kernel.CONNECT, socket, address.address(), 2 + name.length + 1);
  }

  static ByteBuffer payload(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] u64(long value) {
    return payload(8).putLong(value).array();
  }

  static byte[] state(int index, int number) {
    return payload(8).putInt(index).putInt(number).array();
  }

  // Messages

  void send(int type, byte[] payload, int... files) {
    raw(type, 1, payload.length, payload, files);
  }

  /** Sends a message and hears what became of it: 0 for good. */
  long acknowledged(int type, byte[] payload, int... files) {
    raw(type, 1 | NEED_REPLY, payload.length, payload, files);
    return reply().getLong(0);
  }

  void raw(int type, int flags, int size, byte[] payload, int... files) {
    byte[] all =
        payload(12 + payload.length).putInt(type).putInt(flags).putInt(size).put(payload).array();
    bytes(all, files);
  }

  void bytes(byte[] all, int... files) {
    MemorySegment text = arena.allocate(Math.max(all.length, 1));
    MemorySegment.copy(MemorySegment.ofArray(all), 0, text, 0, all.length);
    MemorySegment piece = arena.allocate(16, 8);
    piece.set(JAVA_LONG_UNALIGNED, 0, text.address());
    piece.set(JAVA_LONG_UNALIGNED, 8, all.length);
    MemorySegment message = arena.allocate(56, 8);
    message.set(JAVA_LONG_UNALIGNED, 16, piece.address());
    message.set(JAVA_LONG_UNALIGNED, 24, 1);
    if (files.length > 0) {
      int length = 16 + 4 * files.length;
      MemorySegment control = arena.allocate((length + 7) & ~7, 8);
      control.set(JAVA_LONG_UNALIGNED, 0, length);
      control.set(JAVA_INT_UNALIGNED, 8, 1);
      control.set(JAVA_INT_UNALIGNED, 12, 1);
      for (int i = 0; i < files.length; i++) {
        control.set(JAVA_INT_UNALIGNED, 16 + 4L * i, files[i]);
      }
      message.set(JAVA_LONG_UNALIGNED, 32, control.address());
      message.set(JAVA_LONG_UNALIGNED, 40, length);
    }
    // It may have hung up already, which is what a test looks for.
    long quietly = 0x4000;
    Kernel.attempt(Kernel.SENDMSG, socket, message.address(), quietly);
  }

  /** The payload of the next message from the other side. */
  ByteBuffer reply() {
    ByteBuffer header = ByteBuffer.wrap(read(12)).order(ByteOrder.LITTLE_ENDIAN);
    return ByteBuffer.wrap(read(header.getInt(8))).order(ByteOrder.LITTLE_ENDIAN);
  }

  long number(int type) {
    send(type, new byte[0]);
    return reply().getLong(0);
  }

  private byte[] read(int length) {
    MemorySegment into = arena.allocate(Math.max(length, 1));
    int done = 0;
    while (done < length) {
      long more =
          Kernel.call(Kernel.RECVFROM, socket, into.address() + done, length - done, 0, 0, 0);
      if (more == 0) {
        throw new AssertionError("the connection has ended");
      }
      done += (int) more;
    }
    return into.asSlice(0, length).toArray(JAVA_BYTE);
  }

  /** Waits until the other side hangs up, whatever it says before. */
  void awaitEnd() {
    MemorySegment into = arena.allocate(4096);
    while (Kernel.attempt(Kernel.RECVFROM, socket, into.address(), 4096, 0, 0, 0) > 0) {}
  }

  // The usual beginning

  void features(long features) {
    send(3, new byte[0]);
    number(1);
    number(15);
    send(16, u64(0x8209));
    send(2, u64(features));
  }

  static byte[] region(long guest, long size, long user, long offset) {
    return payload(32).putLong(guest).putLong(size).putLong(user).putLong(offset).array();
  }

  static byte[] table(byte[]... regions) {
    ByteBuffer all = payload(8 + 32 * regions.length).putInt(regions.length).putInt(0);
    for (byte[] each : regions) {
      all.put(each);
    }
    return all.array();
  }

  void memory() {
    send(5, table(region(0, SIZE, USER, 0)), pages.file);
  }

  static byte[] place(long descriptors, long used, long available) {
    return payload(40)
        .putInt(0)
        .putInt(0)
        .putLong(descriptors)
        .putLong(used)
        .putLong(available)
        .putLong(0)
        .array();
  }

  void ring() {
    send(8, state(0, QUEUE));
    send(10, state(0, 0));
    send(9, place(USER + DESCRIPTORS, USER + USED, USER + AVAILABLE));
    send(13, u64(0), call);
    send(12, u64(0), kick);
    send(18, state(0, 1));
  }

  /** All that is needed before the first request. */
  FrontEndClient begin() {
    features(1L << 32 | 1L << 30 | 1L << 28 | 1L << 9);
    memory();
    ring();
    return this;
  }

  // Requests

  void descriptor(int index, long address, long length, int flags, int next) {
    long at = DESCRIPTORS + 16L * index;
    pages.bytes.set(JAVA_LONG_UNALIGNED, at, address);
    pages.bytes.set(JAVA_INT_UNALIGNED, at + 8, (int) length);
    pages.bytes.set(JAVA_SHORT_UNALIGNED, at + 12, (short) flags);
    pages.bytes.set(JAVA_SHORT_UNALIGNED, at + 14, (short) next);
  }

  void header(int type, long sector) {
    pages.bytes.set(JAVA_INT_UNALIGNED, HEADER, type);
    pages.bytes.set(JAVA_LONG_UNALIGNED, HEADER + 8, sector);
    pages.bytes.set(JAVA_BYTE, RESULT, (byte) 0x55);
  }

  void offer(int head) {
    pages.bytes.set(JAVA_SHORT_UNALIGNED, AVAILABLE + 4 + 2L * (offered % QUEUE), (short) head);
    index(++offered);
  }

  /** Says how many requests there have been. */
  void index(int value) {
    pages.bytes.set(JAVA_SHORT_UNALIGNED, AVAILABLE + 2, (short) value);
    kick();
  }

  void kick() {
    MemorySegment one = arena.allocate(8, 8);
    one.set(JAVA_LONG_UNALIGNED, 0, 1);
    Kernel.call(Kernel.WRITE, kick, one.address(), 8);
  }

  /** Does a request of one data part, and waits for its result. */
  int request(int type, long sector, long length, boolean write) {
    header(type, sector);
    descriptor(0, HEADER, 16, NEXT, 1);
    descriptor(1, DATA, length, NEXT | (write ? WRITE : 0), 2);
    descriptor(2, RESULT, 1, WRITE, 0);
    offer(0);
    return result();
  }

  int result() {
    given = given + 1 & 0xffff;
    long end = System.nanoTime() + PATIENCE_NANOS;
    while ((pages.bytes.get(JAVA_SHORT_UNALIGNED, USED + 2) & 0xffff) != given) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no answer");
      }
      Thread.onSpinWait();
    }
    return pages.bytes.get(JAVA_BYTE, RESULT);
  }

  @Override
  public void close() {
    Kernel.call(Kernel.CLOSE, socket);
    Kernel.call(Kernel.CLOSE, kick);
    Kernel.call(Kernel.CLOSE, call);
    pages.close();
    arena.close();
  }
}
