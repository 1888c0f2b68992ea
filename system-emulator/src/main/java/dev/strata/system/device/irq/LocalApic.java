// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import dev.strata.block.BlockException;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import java.util.function.IntSupplier;

/**
 * A processor's local APIC, in xAPIC mode. Thread-safe.
 *
 * @see "Intel 64 and IA-32 Architectures Software Developer's Manual 3A, chapter 11"
 */
public final class LocalApic implements Device, MmioHandler {
  /** Where the registers are after reset. */
  public static final long DEFAULT_BASE = 0xfee00000L;

  static final int FIXED = 0;
  static final int LOWEST_PRIORITY = 1;
  static final int SMI = 2;
  static final int NMI = 4;
  static final int INIT = 5;
  static final int START_UP = 6;
  static final int EXTERNAL = 7;

  private static final int MASKED = 1 << 16;
  private static final int BASE_ENABLED = 1 << 11;
  private static final int BASE_BOOT_PROCESSOR = 1 << 8;
  private static final int SOFTWARE_ENABLED = 1 << 8;

  // Entries of the local vector table, in the order of their registers from 0x320 on.
  private static final int TIMER = 0;
  private static final int LINT0 = 3;
  private static final int LINT1 = 4;
  private static final int ERROR = 5;
  // Which bits of an entry software may set.
  private static final int[] LOCAL_VECTOR_BITS = {
    0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff
  };

  private final int initialId;
  private final ProcessorPins pins;
  private final IntSupplier externalVector;
  private final EndOfInterrupt endOfInterrupt;
  private final ApicTimer timer;
  private final VectorSet requested = new VectorSet();
  private final VectorSet inService = new VectorSet();
  private final VectorSet levelTriggered = new VectorSet();
  private final int[] localVectors = new int[6];
  private long base;
  private int id;
  private int taskPriority;
  private int spurious;
  private int logicalId;
  private int destinationFormat;
  private int errors;
  private int errorsShown;
  private int command;
  private int commandDestination;
  private boolean external; // the level at LINT0

  /** Told of the end of level-triggered interrupts, without the local APIC's lock held. */
  @FunctionalInterface
  public interface EndOfInterrupt {
    /** The handler of {@code vector} is done. */
    void ended(int vector);
  }

  /**
   * An APIC after reset.
   *
   * @param id 0 to 254; 0 is the boot processor's
   * @param externalVector acknowledges the 8259s; called without this APIC's lock
   */
  public LocalApic(
      int id,
      ProcessorPins pins,
      IntSupplier externalVector,
      EndOfInterrupt endOfInterrupt,
      VirtualClock clock) {
    this.initialId = id;
    this.pins = pins;
    this.externalVector = externalVector;
    this.endOfInterrupt = endOfInterrupt;
    this.timer = new ApicTimer(clock, this::timerRings);
    reset();
  }

  @Override
  public synchronized void reset() {
    base = DEFAULT_BASE | BASE_ENABLED | (initialId == 0 ? BASE_BOOT_PROCESSOR : 0);
    initialise();
    update();
  }

  /** What INIT resets: all but the base address. */
  public synchronized void initialise() {
    id = initialId;
    taskPriority = 0;
    spurious = 0xff;
    logicalId = 0;
    destinationFormat = 0xffffffff;
    errors = 0;
    errorsShown = 0;
    command = 0;
    commandDestination = 0;
    Arrays.fill(localVectors, MASKED);
    requested.clear();
    inService.clear();
    levelTriggered.clear();
    timer.reset();
    update();
  }

  /** The model-specific register 1Bh: address and enabling. */
  public synchronized long base() {
    return base;
  }

  /** Writes the model-specific register 1Bh. */
  public synchronized void base(long value) {
    base = (value & 0xffffff800L & ~0x600L) | (base & BASE_BOOT_PROCESSOR);
    update();
  }

  /** The task priority's class, 0 to 15: what the processor's CR8 is. */
  public synchronized int priorityClass() {
    return taskPriority >> 4;
  }

  /** Sets the task priority's class. */
  public synchronized void priorityClass(int value) {
    taskPriority = (value & 15) << 4;
    update();
  }

  /** The wire from the 8259s. */
  public IrqLine externalLine() {
    return level -> {
      synchronized (this) {
        external = level;
        update();
      }
    };
  }

  private boolean enabled() {
    return (base & BASE_ENABLED) != 0;
  }

  private boolean acceptsExternal() {
    int entry = localVectors[LINT0];
    return external && (!enabled() || ((entry & MASKED) == 0 && ((entry >> 8) & 7) == EXTERNAL));
  }

  private int processorPriority() {
    int serving = Math.max(0, inService.highest());
    return taskPriority >> 4 >= serving >> 4 ? taskPriority : serving & 0xf0;
  }

  private int deliverable() {
    int highest = requested.highest();
    return enabled() && highest >> 4 > processorPriority() >> 4 ? highest : -1;
  }

  private void update() {
    pins.interrupt(deliverable() >= 0 || acceptsExternal());
  }

  /** The processor takes the most urgent interrupt: its vector. */
  public int acknowledge() {
    synchronized (this) {
      int vector = deliverable();
      if (vector >= 0) {
        requested.remove(vector);
        inService.add(vector);
        update();
        return vector;
      }
      if (!acceptsExternal()) {
        update();
        return spurious & 0xff;
      }
    }
    return externalVector.getAsInt();
  }

  /** Whether a message to {@code destination} is for this APIC. */
  public synchronized boolean isAddressed(int destination, boolean logical) {
    if (destination == 0xff) {
      return true;
    }
    if (!logical) {
      return destination == id;
    }
    if (destinationFormat >>> 28 == 15) {
      return (logicalId & destination) != 0;
    }
    return logicalId >> 4 == destination >> 4 && (logicalId & destination & 15) != 0;
  }

  /** A message from the I/O APIC, a device or a processor. */
  public synchronized void deliver(int mode, int vector, boolean level) {
    switch (mode) {
      case FIXED, LOWEST_PRIORITY -> request(vector & 0xff, level);
      case SMI -> pins.systemManagementInterrupt();
      case NMI -> pins.nonMaskableInterrupt();
      case INIT -> pins.initialise();
      case START_UP -> pins.startUp(vector & 0xff);
      default -> {} // external: the 8259s have a wire
    }
  }

  private void request(int vector, boolean level) {
    if (vector < 16) {
      report(1 << 6);
      return;
    }
    if (!enabled() || (spurious & SOFTWARE_ENABLED) == 0) {
      return;
    }
    requested.add(vector);
    if (level) {
      levelTriggered.add(vector);
    } else {
      levelTriggered.remove(vector);
    }
    update();
  }

  private void report(int error) {
    boolean first = (errors & error) == 0;
    errors |= error;
    int entry = localVectors[ERROR];
    // An error vector that is itself invalid must not report without end.
    if (first && (entry & MASKED) == 0 && (entry & 0xff) >= 16) {
      request(entry & 0xff, false);
    }
  }

  private synchronized void timerRings() {
    if (timer.expired() && (localVectors[TIMER] & MASKED) == 0) {
      request(localVectors[TIMER] & 0xff, false);
    }
  }

  @Override
  public synchronized long read(long offset, int bytes) {
    // Registers are 32 bits at multiples of 16; elsewhere nothing is defined.
    if ((offset & 15) != 0 || offset < 0 || offset >= 0x400) {
      return 0;
    }
    int register = (int) offset >> 4;
    int value =
        switch (register) {
          case 0x02 -> id << 24;
          case 0x03 -> 0x50014;
          case 0x08 -> taskPriority;
          case 0x09, 0x0a -> processorPriority();
          case 0x0d -> logicalId << 24;
          case 0x0e -> destinationFormat;
          case 0x0f -> spurious;
          case 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 -> inService.word(register & 7);
          case 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f -> levelTriggered.word(register & 7);
          case 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27 -> requested.word(register & 7);
          case 0x28 -> errorsShown;
          case 0x30 -> command;
          case 0x31 -> commandDestination << 24;
          case 0x32, 0x33, 0x34, 0x35, 0x36, 0x37 -> localVectors[register - 0x32];
          case 0x38 -> timer.initialCount();
          case 0x39 -> timer.currentCount();
          case 0x3e -> timer.divideRegister();
          default -> 0;
        };
    return value & 0xffffffffL;
  }

  @Override
  public void write(long offset, int bytes, long value) {
    if ((offset & 15) != 0 || offset < 0 || offset >= 0x400) {
      return;
    }
    int register = (int) offset >> 4;
    if (register == 0x0b) {
      endInterrupt();
      return;
    }
    synchronized (this) {
      writeRegister(register, (int) value);
      update();
    }
  }

  private void endInterrupt() {
    int vector;
    boolean level;
    synchronized (this) {
      vector = inService.highest();
      if (vector < 0) {
        return;
      }
      inService.remove(vector);
      level = levelTriggered.contains(vector);
      update();
    }
    if (level) {
      endOfInterrupt.ended(vector);
    }
  }

  private void writeRegister(int register, int value) {
    switch (register) {
      case 0x02 -> id = value >>> 24;
      case 0x08 -> taskPriority = value & 0xff;
      case 0x0d -> logicalId = value >>> 24;
      case 0x0e -> destinationFormat = value | 0x0fffffff;
      case 0x0f -> {
        spurious = value & 0x1ff;
        if ((spurious & SOFTWARE_ENABLED) == 0) {
          for (int entry = 0; entry < localVectors.length; entry++) {
            localVectors[entry] |= MASKED;
          }
        }
      }
      case 0x28 -> {
        errorsShown = errors;
        errors = 0;
      }
      case 0x30 -> {
        command = value & ~(1 << 12); // delivered at once
        send();
      }
      case 0x31 -> commandDestination = value >>> 24;
      case 0x32, 0x33, 0x34, 0x35, 0x36, 0x37 -> {
        int entry = register - 0x32;
        int bits = value & LOCAL_VECTOR_BITS[entry];
        localVectors[entry] = (spurious & SOFTWARE_ENABLED) == 0 ? bits | MASKED : bits;
        if (entry == TIMER) {
          timer.periodic((bits & 0x20000) != 0);
        }
      }
      case 0x38 -> timer.start(value);
      case 0x3e -> timer.divide(value);
      default -> {} // read-only or not there
    }
  }

  /** Sends the message in the command register; here only to this one processor. */
  private void send() {
    int mode = (command >> 8) & 7;
    boolean self =
        switch ((command >> 18) & 3) {
          case 0 -> isAddressed(commandDestination, (command & 0x800) != 0);
          case 1, 2 -> true;
          default -> false; // all but this one
        };
    boolean deassert = mode == INIT && (command & 0xc000) == 0x8000;
    if (self && !deassert) {
      deliver(mode, command & 0xff, false);
    }
  }

  /** The wire for non-maskable interrupts. */
  public IrqLine nonMaskableLine() {
    return level -> {
      synchronized (this) {
        int entry = localVectors[LINT1];
        if (level && (!enabled() || ((entry & MASKED) == 0 && ((entry >> 8) & 7) == NMI))) {
          pins.nonMaskableInterrupt();
        }
      }
    };
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    base = state.i64("base", base) & 0xffffff900L;
    id = state.u8("id", id);
    taskPriority = state.u8("task priority", taskPriority);
    spurious = state.within("spurious vector", spurious, 0, 0x1ff);
    logicalId = state.u8("logical id", logicalId);
    destinationFormat = state.i32("destination format", destinationFormat);
    errors = state.u8("errors", errors);
    errorsShown = state.u8("errors shown", errorsShown);
    command = state.i32("command", command);
    commandDestination = state.u8("command destination", commandDestination);
    external = state.flag("external", external);
    for (int entry = 0; entry < localVectors.length; entry++) {
      int most = LOCAL_VECTOR_BITS[entry] | MASKED;
      localVectors[entry] = state.within("local vector", localVectors[entry], 0, most) & most;
    }
    requested.state(state);
    inService.state(state);
    levelTriggered.state(state);
    timer.state(state);
  }
}
