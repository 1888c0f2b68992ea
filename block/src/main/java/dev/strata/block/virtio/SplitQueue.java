// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.virtio;

import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A split virtqueue, seen from the device. The guest writes it while the device reads: each number
 * is read once and checked.
 *
 * <p>Who sets the queue up takes care that nobody works on it. One thread takes from it; any may
 * give back.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 2.7 Split Virtqueues"
 */
public final class SplitQueue {
  private static final int NEXT = 1; // descriptor flags
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final int NO_INTERRUPT = 1; // of the available ring
  private static final int DESCRIPTOR_SIZE = 16;

  // A request's memory may be in as many parts as descriptors, and not be longer than this.
  private static final long MOST_BYTES = 1L << 30;

  private final GuestMemory memory;
  private final int most;
  private volatile int size;
  private volatile boolean enabled;
  private volatile boolean eventIndex;
  private volatile long descriptors;
  private volatile long available;
  private volatile long used;
  private volatile int taken; // of the available ring, modulo 65536; the worker's
  private final List<MemorySegment> readable = new ArrayList<>(); // the worker's, between requests
  private final List<MemorySegment> writable = new ArrayList<>();
  private int[] inFlight = new int[4]; // heads of what was taken, in order; guarded by this
  private int flying; // how many those are; guarded by this
  private int[] again = {}; // heads to be taken before all others; the worker's
  private int againTaken; // of those
  private int given; // of the used ring; guarded by this
  private int told; // of it, as the guest was last told; guarded by this
  private boolean toldOnce; // guarded by this

  /**
   * A queue that is nowhere yet.
   *
   * @param most the most descriptors of a queue or a request that the device offers; a power of two
   */
  public SplitQueue(GuestMemory memory, int most) {
    this.memory = memory;
    this.most = most;
    this.size = most;
  }

  /** Forgets all that was set up. */
  public void reset() {
    enabled = false;
    size = most;
    descriptors = 0;
    available = 0;
    used = 0;
    start(0, 0);
  }

  // What the transport sets up

  /** How many descriptors there are. */
  public int size() {
    return size;
  }

  /** Sets the number of descriptors: a power of two, no more than the device offers. */
  public void size(int size) {
    if (Integer.bitCount(size) != 1 || size < 0 || size > most) {
      throw new IllegalArgumentException("a queue of " + size + " descriptors");
    }
    this.size = size;
  }

  /** Whether requests may be taken. */
  public boolean isEnabled() {
    return enabled;
  }

  /** Has requests be taken, or not. */
  public void enabled(boolean enabled) {
    this.enabled = enabled;
  }

  /** Has both sides say at which request they want to be told, by {@code VIRTIO_F_EVENT_IDX}. */
  public void eventIndex(boolean eventIndex) {
    this.eventIndex = eventIndex;
  }

  /** Where the descriptors are. */
  public long descriptors() {
    return descriptors;
  }

  /** Sets where the descriptors are. */
  public void descriptors(long address) {
    descriptors = address;
  }

  /** Where the available ring is. */
  public long available() {
    return available;
  }

  /** Sets where the available ring is. */
  public void available(long address) {
    available = address;
  }

  /** Where the used ring is. */
  public long used() {
    return used;
  }

  /** Sets where the used ring is. */
  public void used(long address) {
    used = address;
  }

  /** The bytes of a queue's descriptors. */
  public static long descriptorBytes(int size) {
    return (long) DESCRIPTOR_SIZE * size;
  }

  /** The bytes of its available ring, with the index that events use. */
  public static long availableBytes(int size) {
    return 6 + 2L * size;
  }

  /** The bytes of its used ring, with the index that events use. */
  public static long usedBytes(int size) {
    return 6 + 8L * size;
  }

  /**
   * Goes on where an earlier device of this guest stopped.
   *
   * @param taken how many requests were taken, modulo 65536
   * @param given how many were given back
   */
  public synchronized void start(int taken, int given) {
    this.taken = taken & 0xffff;
    this.given = given & 0xffff;
    told = this.given;
    toldOnce = false;
    flying = 0;
    again = new int[0];
    againTaken = 0;
  }

  /**
   * The same, of a device that had requests in flight.
   *
   * @param unfinished the heads of requests that were taken, but not given back: they are taken
   *     again first
   */
  public synchronized void start(int taken, int given, int[] unfinished) {
    start(taken, given);
    again = unfinished.clone();
  }

  /** The heads of the requests that were taken and not given back, in that order. */
  public synchronized int[] unfinished() {
    int left = again.length - againTaken;
    int[] all = Arrays.copyOf(inFlight, flying + left);
    System.arraycopy(again, againTaken, all, flying, left);
    return all;
  }

  /** How many requests were given back, modulo 65536. */
  public synchronized int given() {
    return given;
  }

  /** How many requests were taken, modulo 65536. */
  public int taken() {
    return taken;
  }

  // Requests

  /**
   * How many requests the guest has made that nobody has taken; any number if its ring is broken.
   */
  public int waiting() {
    return enabled
        ? again.length - againTaken + ((int) memory.read(available + 2, 2) - taken & 0xffff)
        : 0;
  }

  /** The next request, or null if there is none. */
  public @Nullable Chain take() throws BrokenQueueException {
    if (!enabled) {
      return null;
    }
    if (againTaken < again.length) {
      return begin(again[againTaken++]);
    }
    int offered = (int) memory.read(available + 2, 2);
    int waiting = offered - taken & 0xffff;
    if (waiting == 0) {
      return null;
    }
    if (waiting > size) {
      throw new BrokenQueueException("the available ring moved by " + waiting);
    }
    // The guest has written the entry, and what it leads to, before the index.
    VarHandle.acquireFence();
    int head = (int) memory.read(available + 4 + 2L * (taken & size - 1), 2);
    taken = taken + 1 & 0xffff;
    return begin(head);
  }

  private Chain begin(int head) throws BrokenQueueException {
    Chain chain = follow(head);
    synchronized (this) {
      if (flying == inFlight.length) {
        inFlight = Arrays.copyOf(inFlight, 2 * flying);
      }
      inFlight[flying++] = head;
    }
    return chain;
  }

  /** Is called with the lock held. */
  private void end(int head) {
    for (int index = 0; index < flying; index++) {
      if (inFlight[index] == head) {
        System.arraycopy(inFlight, index + 1, inFlight, index, --flying - index);
        return;
      }
    }
  }

  /**
   * Asks to be told of the next request.
   *
   * @return whether there is one already, of which nobody may tell
   */
  public boolean await() {
    if (!enabled) {
      return false;
    }
    if (eventIndex) {
      memory.write(used + 4 + 8L * size, 2, taken);
    }
    // The guest writes its index and then looks here: one of the two sees the other's.
    VarHandle.fullFence();
    return (int) memory.read(available + 2, 2) != taken;
  }

  private Chain follow(int head) throws BrokenQueueException {
    readable.clear();
    writable.clear();
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
      long at = table + (long) DESCRIPTOR_SIZE * index;
      long address = memory.read(at, 8);
      long length = memory.read(at + 8, 4);
      int flags = (int) memory.read(at + 12, 2);
      int next = (int) memory.read(at + 14, 2);
      if ((flags & INDIRECT) != 0) {
        if (indirect || (flags & NEXT) != 0 || length % DESCRIPTOR_SIZE != 0 || length == 0) {
          throw new BrokenQueueException("an indirect table of " + length + " bytes");
        }
        indirect = true;
        table = address;
        entries = (int) Math.min(length / DESCRIPTOR_SIZE, most);
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
  public synchronized void give(Chain chain, long written) {
    end(chain.head());
    for (long[] place : chain.places()) {
      memory.written(place[0], place[1]);
    }
    long entry = used + 4 + 8L * (given & size - 1);
    memory.write(entry, 4, chain.head());
    memory.write(entry + 4, 4, written);
    given = given + 1 & 0xffff;
    // The entry first: the guest looks at the index from another processor.
    VarHandle.releaseFence();
    memory.write(used + 2, 2, given);
  }

  /** Whether the guest wants to be told of what was given since it was last asked. */
  public synchronized boolean wantsInterrupt() {
    VarHandle.fullFence();
    if (!eventIndex) {
      return ((int) memory.read(available, 2) & NO_INTERRUPT) == 0;
    }
    int before = told;
    boolean first = !toldOnce;
    told = given;
    toldOnce = true;
    int event = (int) memory.read(available + 4 + 2L * size, 2);
    return first || (given - event - 1 & 0xffff) < (given - before & 0xffff);
  }
}
