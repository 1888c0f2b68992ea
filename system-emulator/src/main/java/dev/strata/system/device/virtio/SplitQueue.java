// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.IoVector;
import dev.strata.system.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A split virtqueue, seen from the device. The guest writes it while the device reads: each number
 * is read once and checked. {@link VirtioFunction} locks what sets the queue up; the device's
 * worker alone takes from it.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 2.7 Split Virtqueues"
 */
public final class SplitQueue {
  /** The most descriptors of a queue that this device offers. */
  static final int MOST = 256;

  private static final int NEXT = 1; // descriptor flags
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final int NO_INTERRUPT = 1; // of the available ring

  // A request's memory may be in as many parts as descriptors, and not be longer than this.
  private static final long MOST_BYTES = 1L << 30;

  private final DeviceMemory memory;
  volatile int size = MOST;
  volatile boolean enabled;
  volatile long descriptors;
  volatile long available;
  volatile long used;
  private int taken; // of the available ring, modulo 65536; the worker's
  private int given; // of the used ring; the worker's

  /**
   * A request.
   *
   * @param head the descriptor it began with
   * @param readable what the guest gives
   * @param writable what the device fills
   * @param places address and length of each writable part
   */
  public record Chain(int head, IoVector readable, IoVector writable, List<long[]> places) {}

  /** The guest has made the queue unusable; the device needs a reset. */
  @SuppressWarnings("serial")
  public static final class BrokenQueueException extends Exception {
    BrokenQueueException(String what) {
      super(what);
    }
  }

  SplitQueue(DeviceMemory memory) {
    this.memory = memory;
  }

  void reset() {
    enabled = false;
    size = MOST;
    descriptors = 0;
    available = 0;
    used = 0;
    taken = 0;
    given = 0;
  }

  /** The next request, or null if there is none. */
  public @Nullable Chain take() throws BrokenQueueException {
    if (!enabled) {
      return null;
    }
    int offered = (int) memory.read(available + 2, 2);
    int waiting = offered - taken & 0xffff;
    if (waiting == 0) {
      return null;
    }
    if (waiting > size) {
      throw new BrokenQueueException("the available ring moved by " + waiting);
    }
    int head = (int) memory.read(available + 4 + 2L * (taken & size - 1), 2);
    taken = taken + 1 & 0xffff;
    return follow(head);
  }

  private Chain follow(int head) throws BrokenQueueException {
    var readable = new ArrayList<MemorySegment>(4);
    var writable = new ArrayList<MemorySegment>(4);
    var places = new ArrayList<long[]>(4);
    long table = descriptors;
    int entries = size;
    int index = head;
    boolean indirect = false;
    long total = 0;
    // A chain may loop: it ends after as many descriptors as there are.
    for (int seen = 0; seen <= entries; seen++) {
      if (index >= entries || seen == entries) {
        throw new BrokenQueueException("a chain that leaves its table, or loops");
      }
      long at = table + 16L * index;
      long address = memory.read(at, 8);
      long length = memory.read(at + 8, 4);
      int flags = (int) memory.read(at + 12, 2);
      int next = (int) memory.read(at + 14, 2);
      if ((flags & INDIRECT) != 0) {
        if (indirect || (flags & NEXT) != 0 || length % 16 != 0 || length == 0) {
          throw new BrokenQueueException("an indirect table of " + length + " bytes");
        }
        indirect = true;
        table = address;
        entries = (int) Math.min(length / 16, MOST);
        index = 0;
        seen = -1;
        continue;
      }
      total += length;
      if (total > MOST_BYTES) {
        throw new BrokenQueueException("a request of " + total + " bytes");
      }
      boolean write = (flags & WRITE) != 0;
      if (!write && !places.isEmpty()) {
        throw new BrokenQueueException("a readable descriptor behind a writable one");
      }
      add(address, length, write, write ? writable : readable);
      if (write) {
        places.add(new long[] {address, length});
      }
      if ((flags & NEXT) == 0) {
        break;
      }
      index = next;
    }
    return new Chain(head, IoVector.of(readable), IoVector.of(writable), places);
  }

  private void add(long address, long length, boolean write, List<MemorySegment> to)
      throws BrokenQueueException {
    IoVector part = memory.at(address, length, write);
    if (part == null) {
      throw new BrokenQueueException("a descriptor of what is no memory");
    }
    for (int index = 0; index < part.count(); index++) {
      to.add(part.segment(index));
    }
  }

  /** Gives a request back; {@code written} bytes of its writable part are new. */
  public void give(Chain chain, long written) {
    for (long[] place : chain.places) {
      memory.written(place[0], place[1]);
    }
    long entry = used + 4 + 8L * (given & size - 1);
    memory.write(entry, 4, chain.head);
    memory.write(entry + 4, 4, written);
    given = given + 1 & 0xffff;
    // The entry first: the guest looks at the index from another processor.
    VarHandle.releaseFence();
    memory.write(used + 2, 2, given);
  }

  /** Whether the guest wants to be told of what was given. */
  public boolean wantsInterrupt() {
    VarHandle.fullFence();
    return ((int) memory.read(available, 2) & NO_INTERRUPT) == 0;
  }
}
