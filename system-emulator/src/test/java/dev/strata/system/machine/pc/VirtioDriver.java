// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** A driver of virtio 1.0 for a card on a board, its rings of eight descriptors below 640 KiB. */
final class VirtioDriver {
  static final int WRITABLE = 2; // descriptor flags
  static final int NEXT = 1;
  static final int SIZE = 8;
  private static final long RINGS = 0x10000;
  private static final long RING = 0x3000; // bytes of each

  private final Board board;
  private final long bar;
  private final int[] offered = new int[16];

  /** A driver that has reset its device and taken those features, and those of 1.0. */
  VirtioDriver(Board board, int slot, long bar, long features) {
    this.board = board;
    this.bar = bar;
    board.configure(slot, 0, 0x20, 4, bar);
    board.configure(slot, 0, 0x04, 2, 6);
    board.write(bar + 20, 1, 0);
    board.write(bar + 20, 1, 3);
    board.write(bar + 8, 4, 1);
    board.write(bar + 12, 4, 1); // VERSION_1
    board.write(bar + 8, 4, 0);
    board.write(bar + 12, 4, features);
    board.write(bar + 20, 1, 11);
    assertEquals(11, board.read(bar + 20, 1));
  }

  static long descriptors(int queue) {
    return RINGS + RING * queue;
  }

  static long available(int queue) {
    return descriptors(queue) + 0x1000;
  }

  static long used(int queue) {
    return descriptors(queue) + 0x2000;
  }

  /** Sets queues up, and says that the driver is there. */
  void start(int... queues) {
    for (int queue : queues) {
      start(queue, descriptors(queue), available(queue), used(queue));
    }
    board.write(bar + 20, 1, 15);
  }

  /** Sets a queue up somewhere. */
  void start(int queue, long descriptors, long available, long used) {
    board.write(bar + 22, 2, queue);
    board.write(bar + 24, 2, SIZE);
    board.write(bar + 32, 4, descriptors);
    board.write(bar + 40, 4, available);
    board.write(bar + 48, 4, used);
    board.write(available(queue) + 2, 2, 0);
    board.write(used(queue) + 2, 2, 0);
    board.write(bar + 28, 2, 1);
  }

  void descriptor(int queue, int index, long address, long length, int flags, int next) {
    long at = descriptors(queue) + 16L * index;
    board.write(at, 8, address);
    board.write(at + 8, 4, length);
    board.write(at + 12, 2, flags);
    board.write(at + 14, 2, next);
  }

  /** Offers the chain that begins with a descriptor. */
  void offer(int queue, int head) {
    board.write(available(queue) + 4 + 2L * (offered[queue] & SIZE - 1), 2, head);
    board.write(available(queue) + 2, 2, ++offered[queue]);
    notifyDevice(queue);
  }

  void notifyDevice(int queue) {
    board.write(bar + 0x3000 + 4L * queue, 2, queue);
  }

  /** Offers one buffer, with the next descriptor. */
  void offer(int queue, long address, long length, int flags) {
    int index = offered[queue] & SIZE - 1;
    descriptor(queue, index, address, length, flags, 0);
    offer(queue, index);
  }

  int usedCount(int queue) {
    return (int) board.read(used(queue) + 2, 2);
  }

  /** Waits until so many requests have come back, or more. */
  void awaitUsed(int queue, int count) {
    while ((short) (usedCount(queue) - count) < 0 && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
  }

  /** Waits until all that was offered has come back, or the device is broken. */
  void awaitUsedOrBroken(int queue) {
    while (usedCount(queue) != (offered[queue] & 0xffff)
        && !isBroken()
        && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
  }

  /** How many bytes of a request are new. */
  long usedLength(int queue, int number) {
    return board.read(used(queue) + 8 + 8L * (number & SIZE - 1), 4);
  }

  boolean isBroken() {
    return (board.read(bar + 20, 1) & 0x40) != 0;
  }

  void awaitBroken() {
    while (!isBroken() && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
  }

  /** Of the device's own configuration. */
  long configuration(int offset, int bytes) {
    return board.read(bar + 0x2000 + offset, bytes);
  }

  void configure(int offset, int bytes, long value) {
    board.write(bar + 0x2000 + offset, bytes, value);
  }

  /** Why there was an interrupt; it is lowered. */
  long cause() {
    return board.read(bar + 0x1000, 1);
  }
}
