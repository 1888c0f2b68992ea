// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.BlockException;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.SplitQueue;
import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.StampedLock;

/**
 * A virtio device on the PCI bus: transitional, with the registers of the time before the standard
 * in its first base address register and those of 1.0 in the fifth. Thread-safe.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 4.1 Virtio Over PCI Bus"
 */
public final class VirtioFunction extends PciFunction {
  static final long INDIRECT_DESCRIPTORS = 1L << 28;
  static final long VERSION_1 = 1L << 32;

  private static final int MOST_DESCRIPTORS = 256; // of a queue

  private static final int FEATURES_OK = 8; // status
  private static final int DRIVER_OK = 4;
  private static final int NEEDS_RESET = 0x40;

  private static final int QUEUE_INTERRUPT = 1; // interrupt status
  private static final int CONFIGURATION_INTERRUPT = 2;

  private static final int PORTS = 64;
  private static final int LEGACY_CONFIGURATION = 20;
  private static final int MEMORY_BAR = 4;
  private static final int WINDOW = 0x1000; // of each structure in the memory
  private static final int NOTIFY_STEP = 4;

  private final VirtioDevice device;
  private final Executor worker;
  private final SplitQueue none; // what registers of a queue that is not there lead to
  private final SplitQueue[] queues;
  private final AtomicBoolean[] scheduled;
  private final Runnable[] tasks;
  private final boolean parallel;
  // Shared by requests; a reset waits for all of them, for the guest may then use the memory.
  private final StampedLock work = new StampedLock();
  private final AtomicInteger underWay = new AtomicInteger();
  private volatile boolean held; // no request is begun
  private volatile int status;
  private int interruptStatus;
  private int queueSelected;
  private int deviceFeaturesSelected;
  private int driverFeaturesSelected;
  private long driverFeatures;

  /**
   * A device on the bus.
   *
   * @param worker runs its requests
   */
  public VirtioFunction(VirtioDevice device, DeviceMemory memory, Executor worker) {
    super(0x1af4, device.transitionalId(), 0, device.classCode());
    this.device = device;
    this.worker = worker;
    subsystem(0x1af4, device.kind());
    interruptPin(1);
    none = new SplitQueue(memory, MOST_DESCRIPTORS);
    queues = new SplitQueue[device.queues()];
    scheduled = new AtomicBoolean[queues.length];
    tasks = new Runnable[queues.length];
    parallel = device.parallelism() > 1;
    for (int index = 0; index < queues.length; index++) {
      queues[index] = new SplitQueue(memory, MOST_DESCRIPTORS);
      scheduled[index] = new AtomicBoolean();
      int number = index;
      tasks[index] = () -> process(number);
    }
    portBar(0, PORTS, 4, new LegacyRegisters());
    memoryBar(MEMORY_BAR, 4 * WINDOW, 4, new Registers());
    put16(STATUS, 0x10);
    put8(CAPABILITIES, 0x40);
    capability(0x40, 0x50, 16, 1, 0, 0x38);
    capability(0x50, 0x60, 16, 3, WINDOW, 1);
    capability(0x60, 0x70, 16, 4, 2 * WINDOW, WINDOW);
    capability(0x70, 0, 20, 2, 3 * WINDOW, NOTIFY_STEP * queues.length);
    put32(0x80, NOTIFY_STEP);
    device.connect(new Transport());
  }

  private final class Transport implements VirtioTransport {
    @Override
    public void attend(int queueIndex) {
      notified(queueIndex);
    }

    @Override
    public void configurationChanged() {
      if ((status & DRIVER_OK) != 0) {
        raise(CONFIGURATION_INTERRUPT);
      }
    }
  }

  /** A vendor's capability that says where a structure is. */
  private void capability(int at, int next, int length, int kind, int offset, int size) {
    put8(at, 9);
    put8(at + 1, next);
    put8(at + 2, length);
    put8(at + 3, kind);
    put8(at + 4, MEMORY_BAR);
    put32(at + 8, offset);
    put32(at + 12, size);
  }

  private long offeredFeatures() {
    return device.features() | INDIRECT_DESCRIPTORS | VERSION_1;
  }

  @Override
  public void reset() {
    resetDevice();
    super.reset();
  }

  private void resetDevice() {
    status = 0;
    device.abandon(true);
    long stamp = work.writeLock();
    try {
      device.abandon(false);
      synchronized (this) {
        for (SplitQueue queue : queues) {
          queue.reset();
        }
        device.reset();
        interruptStatus = 0;
        queueSelected = 0;
        deviceFeaturesSelected = 0;
        driverFeaturesSelected = 0;
        driverFeatures = 0;
        interrupt(false);
      }
    } finally {
      work.unlockWrite(stamp);
    }
  }

  private void writeStatus(int value) {
    if (value == 0) {
      resetDevice();
      return;
    }
    synchronized (this) {
      // A driver that takes what was not offered does not see its agreement.
      boolean agreed = (driverFeatures & ~offeredFeatures()) == 0;
      status = agreed ? value : value & ~FEATURES_OK;
      if ((value & DRIVER_OK) != 0) {
        device.accept(driverFeatures & offeredFeatures());
      }
    }
    for (int index = 0; index < queues.length; index++) {
      notified(index); // a driver may have filled queues already
    }
  }

  private void notified(int index) {
    if (index < queues.length
        && (status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK
        && scheduled[index].compareAndSet(false, true)) {
      try {
        worker.execute(tasks[index]);
      } catch (RejectedExecutionException _) {
        // The machine has ended; bytes for one of its ports still arrive.
        return;
      }
    }
  }

  private void process(int index) {
    // What the guest adds from now on makes another task.
    scheduled[index].set(false);
    underWay.incrementAndGet(); // before a look at whether to begin, so that who waits sees both
    try {
      work(index);
    } finally {
      underWay.decrementAndGet();
    }
  }

  private void work(int index) {
    boolean more = true;
    while (more && !held) {
      long stamp = work.readLock();
      try {
        if ((status & (DRIVER_OK | NEEDS_RESET)) != DRIVER_OK || !isMaster()) {
          return;
        }
        if (parallel && queues[index].waiting() > 1) {
          notified(index); // the next one is another thread's
        }
        more = device.work(index, queues[index]);
        if (more && queues[index].wantsInterrupt()) {
          raise(QUEUE_INTERRUPT);
        }
      } catch (BrokenQueueException _) {
        synchronized (this) {
          status |= NEEDS_RESET;
        }
        raise(CONFIGURATION_INTERRUPT);
        return;
      } finally {
        work.unlockRead(stamp);
      }
    }
  }

  private synchronized void raise(int cause) {
    interruptStatus |= cause;
    interrupt(true);
  }

  private synchronized int takeInterruptStatus() {
    int value = interruptStatus;
    interruptStatus = 0;
    interrupt(false);
    return value;
  }

  private SplitQueue selected() {
    return queueSelected < queues.length ? queues[queueSelected] : none;
  }

  /** The registers of 1.0. */
  private final class Registers implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      switch ((int) (offset / WINDOW)) {
        case 0 -> {
          synchronized (VirtioFunction.this) {
            // As bytes of eight: a register is anywhere inside.
            long low = common(offset & ~7);
            return low >>> (8 * (offset & 7));
          }
        }
        case 1 -> {
          return offset == WINDOW ? takeInterruptStatus() : 0;
        }
        case 2 -> {
          return configuration((int) offset - 2 * WINDOW, bytes);
        }
        default -> {
          return 0;
        }
      }
    }

    /** Eight bytes of the common configuration. */
    private long common(long offset) {
      SplitQueue queue = selected();
      boolean exists = queue != none;
      return switch ((int) offset) {
        case 0 ->
            (deviceFeaturesSelected & 0xffffffffL)
                | half(offeredFeatures(), deviceFeaturesSelected) << 32;
        case 8 ->
            (driverFeaturesSelected & 0xffffffffL)
                | half(driverFeatures, driverFeaturesSelected) << 32;
        case 16 ->
            0xffffL | (long) queues.length << 16 | (long) status << 32 | (long) queueSelected << 48;
        case 24 ->
            (exists ? queue.size() : 0)
                | 0xffffL << 16
                | (queue.isEnabled() ? 1L << 32 : 0)
                | (long) queueSelected << 48;
        case 32 -> queue.descriptors();
        case 40 -> queue.available();
        case 48 -> queue.used();
        default -> 0;
      };
    }

    private long half(long features, int select) {
      return select == 0 ? features & 0xffffffffL : select == 1 ? features >>> 32 : 0;
    }

    @Override
    public void write(long offset, int bytes, long value) {
      switch ((int) (offset / WINDOW)) {
        case 0 -> {
          if (offset == 20) {
            writeStatus((int) value & 0xff);
          } else {
            synchronized (VirtioFunction.this) {
              writeCommon((int) offset, value);
            }
          }
        }
        case 2 -> configure((int) offset - 2 * WINDOW, bytes, value);
        case 3 -> notified((int) (offset - 3 * WINDOW) / NOTIFY_STEP);
        default -> {} // the interrupt status is read-only
      }
    }

    private void writeCommon(int offset, long value) {
      int word = (int) value;
      SplitQueue queue = selected();
      boolean open = queue != none && !queue.isEnabled();
      switch (offset) {
        case 0 -> deviceFeaturesSelected = word;
        case 8 -> driverFeaturesSelected = word;
        case 12 -> {
          if ((status & FEATURES_OK) == 0 && (driverFeaturesSelected & ~1) == 0) {
            long mask = 0xffffffffL << (32 * driverFeaturesSelected);
            driverFeatures =
                (driverFeatures & ~mask) | (value & 0xffffffffL) << (32 * driverFeaturesSelected);
          }
        }
        case 22 -> queueSelected = word & 0xffff;
        case 24 -> {
          int size = word & 0xffff;
          if (open && Integer.bitCount(size) == 1 && size <= MOST_DESCRIPTORS) {
            queue.size(size);
          }
        }
        case 28 -> {
          if (open && (word & 0xffff) == 1) {
            queue.enabled(true);
          }
        }
        case 32, 36, 40, 44, 48, 52 -> {
          if (open) {
            writeAddress(queue, offset, value & 0xffffffffL);
          }
        }
        default -> {} // read-only, or not there
      }
    }

    private void writeAddress(SplitQueue queue, int offset, long half) {
      boolean upper = (offset & 4) != 0;
      switch (offset & ~4) {
        case 32 -> queue.descriptors(join(queue.descriptors(), upper, half));
        case 40 -> queue.available(join(queue.available(), upper, half));
        default -> queue.used(join(queue.used(), upper, half));
      }
    }

    private long join(long old, boolean upper, long half) {
      return upper ? (old & 0xffffffffL) | half << 32 : (old & ~0xffffffffL) | half;
    }
  }

  private long configuration(int offset, int bytes) {
    long value = 0;
    for (int at = 0; at < bytes; at++) {
      value |= (long) device.configuration(offset + at) << (8 * at);
    }
    return value;
  }

  private void configure(int offset, int bytes, long value) {
    for (int at = 0; at < bytes; at++) {
      device.configure(offset + at, (int) (value >>> (8 * at)) & 0xff);
    }
    device.configured();
  }

  /** The registers of drafts before the standard. */
  private final class LegacyRegisters implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      if (offset >= LEGACY_CONFIGURATION) {
        return configuration((int) offset - LEGACY_CONFIGURATION, bytes);
      }
      if (offset == 19) {
        return takeInterruptStatus();
      }
      synchronized (VirtioFunction.this) {
        SplitQueue queue = selected();
        return switch ((int) offset) {
          case 0 -> offeredFeatures() & 0xffffffffL;
          case 4 -> driverFeatures & 0xffffffffL;
          case 8 -> queue.descriptors() >>> 12;
          case 12 -> queue == none ? 0 : MOST_DESCRIPTORS;
          case 14 -> queueSelected;
          case 18 -> status;
          default -> 0;
        };
      }
    }

    @Override
    public void write(long offset, int bytes, long value) {
      if (offset >= LEGACY_CONFIGURATION) {
        configure((int) offset - LEGACY_CONFIGURATION, bytes, value);
      } else if (offset == 16) {
        notified((int) value & 0xffff);
      } else if (offset == 18) {
        writeStatus((int) value & 0xff);
      } else {
        synchronized (VirtioFunction.this) {
          switch ((int) offset) {
            case 4 -> driverFeatures = value & 0xffffffffL;
            case 8 -> place((value & 0xffffffffL) << 12);
            case 14 -> queueSelected = (int) value & 0xffff;
            default -> {} // read-only
          }
        }
      }
    }

    /** The rings lie behind each other, the used one at the next page. */
    private void place(long address) {
      SplitQueue queue = selected();
      if (queue == none) {
        return;
      }
      long ring = address + 16L * MOST_DESCRIPTORS;
      queue.size(MOST_DESCRIPTORS);
      queue.descriptors(address);
      queue.available(ring);
      queue.used(ring + 6 + 2L * MOST_DESCRIPTORS + 4095 & ~4095L);
      queue.enabled(address != 0);
    }
  }

  @Override
  public void state(StateFields state) throws BlockException {
    super.state(state);
    synchronized (this) {
      int shown = state.u8("device status", status);
      interruptStatus = state.u8("interrupt status", interruptStatus);
      queueSelected = state.u16("queue", queueSelected);
      deviceFeaturesSelected = state.i32("device features' half", deviceFeaturesSelected);
      driverFeaturesSelected = state.i32("driver features' half", driverFeaturesSelected);
      driverFeatures = state.i64("driver features", driverFeatures);
      for (SplitQueue queue : queues) {
        state(queue, state);
      }
      if (state.isLoading()) {
        if ((shown & DRIVER_OK) != 0) {
          device.accept(driverFeatures & offeredFeatures());
        }
        status = shown;
      }
    }
    device.state(state);
  }

  private static void state(SplitQueue queue, StateFields state) throws BlockException {
    int size = state.within("queue size", queue.size(), 1, MOST_DESCRIPTORS);
    if (Integer.bitCount(size) != 1) {
      throw state.wrong("queue size", "is " + size);
    }
    boolean enabled = state.flag("queue enabled", queue.isEnabled());
    long descriptors = state.i64("descriptors", queue.descriptors());
    long available = state.i64("available ring", queue.available());
    long used = state.i64("used ring", queue.used());
    int taken = state.u16("taken", queue.taken());
    int given = state.u16("given", queue.given());
    int[] unfinished = queue.unfinished();
    int count = state.within("requests", unfinished.length, 0, 0xffff);
    unfinished = Arrays.copyOf(unfinished, count);
    state.within("request", unfinished, 0, 0xffff);
    if (state.isLoading()) {
      queue.size(size);
      queue.descriptors(descriptors);
      queue.available(available);
      queue.used(used);
      queue.start(taken, given, unfinished);
      queue.enabled(enabled);
    }
  }

  @Override
  public void hold(boolean hold) {
    held = hold; // What waits is begun when the machine goes on: until then nothing is written.
  }

  @Override
  public int underWay() {
    return underWay.get();
  }

  @Override
  public void resumed() {
    for (int index = 0; index < queues.length; index++) {
      notified(index);
    }
  }
}
