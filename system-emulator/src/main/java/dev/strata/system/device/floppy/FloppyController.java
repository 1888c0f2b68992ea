// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.device.dma.DmaChannel;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.concurrent.Executor;

/**
 * The floppy controller: its registers, and the commands that move heads and tell states. Commands
 * that move bytes are {@link FloppyTransfer}'s. Thread-safe.
 *
 * @see "Intel 82077AA data sheet, 290166"
 */
public final class FloppyController implements Device {
  static final int ABNORMAL = 0x40; // status 0
  static final int NO_ADDRESS_MARK = 1; // status 1

  private static final int NOT_RESET = 4; // digital output
  private static final int GATE = 8;
  private static final int READY = 0x80; // main status
  private static final int TO_HOST = 0x40;
  private static final int BY_PROCESSOR = 0x20;
  private static final int BUSY = 0x10;
  private static final int INVALID = 0x80; // status 0
  private static final int READY_CHANGED = 0xc0;
  private static final int SEEK_END = 0x20;
  private static final int NO_TRACK_0 = 0x10;

  private enum Phase {
    COMMAND,
    EXECUTION,
    RESULT
  }

  private final IrqLine interrupt;
  private final FloppyTransfer transfer;
  private final FloppyDrive[] drives = {
    new FloppyDrive(this, null, FloppyType.AUTOMATIC),
    new FloppyDrive(this, null, FloppyType.AUTOMATIC),
    new FloppyDrive(this, null, FloppyType.AUTOMATIC),
    new FloppyDrive(this, null, FloppyType.AUTOMATIC)
  };

  private Phase phase = Phase.COMMAND;
  private final int[] fifo = new int[16]; // a command with its parameters, or a result
  private int filled;
  private int taken;
  private int output; // digital output register
  private int rate;
  private int tape;
  private boolean pending; // an interrupt
  private int polls; // drives that have yet to be told of after a reset
  private int seekStatus = -1; // of a seek that has not been asked about
  private boolean byProcessor; // SPECIFY chose not to use DMA
  private int stepRate;
  private int headLoad;
  private int configuration;
  private int precompensation;
  private int lastTrack;
  private int perpendicular;
  private boolean locked;

  /**
   * A controller without drives.
   *
   * @param worker runs requests to images, one after the other
   */
  public FloppyController(IrqLine interrupt, DmaChannel channel, Executor worker) {
    this.interrupt = interrupt;
    this.transfer = new FloppyTransfer(this, channel, worker);
  }

  /**
   * Connects a drive, before the guest runs.
   *
   * @param number 0 or 1
   */
  public void attach(int number, GuestDrive drive, FloppyType type) {
    drives[number] = new FloppyDrive(this, drive, type);
  }

  /** Whether nothing is connected there. */
  public boolean isFree(int number) {
    return !drives[number].isPresent();
  }

  /** What kind of drive it is, as a PC's CMOS memory has it; 0 for none. */
  public int driveType(int number) {
    return drives[number].isPresent() ? drives[number].type() : 0;
  }

  @Override
  public synchronized void reset() {
    output = NOT_RESET | GATE;
    locked = false;
    rate = 2;
    begin();
    pending = false;
    polls = 0;
    interrupt.set(false);
  }

  private void begin() {
    transfer.abandon();
    phase = Phase.COMMAND;
    filled = 0;
    taken = 0;
    seekStatus = -1;
    if (!locked) {
      configuration = 0;
      precompensation = 0;
    }
    perpendicular = 0;
  }

  private void raise() {
    pending = true;
    if ((output & GATE) != 0) {
      interrupt.set(true);
    }
  }

  private void lower() {
    pending = false;
    interrupt.set(false);
  }

  // --- for transfers, with the lock held ---

  FloppyDrive drive() {
    return drives[output & 3];
  }

  /** Selects the drive that a command names. */
  private FloppyDrive drive(int parameter) {
    output = (output & ~3) | (parameter & 3);
    return drive();
  }

  boolean isRate(FloppyGeometry geometry) {
    return geometry.fits(rate);
  }

  boolean byProcessor() {
    return byProcessor;
  }

  void lastTrack(int sector) {
    lastTrack = sector;
  }

  /** A byte is there for the processor, or awaited from it. */
  void wantProcessor() {
    raise();
  }

  /** The command is over. */
  void finish(int... result) {
    System.arraycopy(result, 0, fifo, 0, result.length);
    filled = result.length;
    taken = 0;
    phase = Phase.RESULT;
    raise();
  }

  // --- registers ---

  /** Ports 3F0h to 3F5h. */
  public MmioHandler ports() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        return readRegister((int) offset);
      }

      @Override
      public void write(long offset, int bytes, long value) {
        writeRegister((int) offset, (int) value & 0xff);
      }
    };
  }

  /** Port 3F7h. */
  public MmioHandler inputPort() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (FloppyController.this) {
          return drive().changed && drive().isPresent() ? 0x80 : 0;
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (FloppyController.this) {
          rate = (int) value & 3;
        }
      }
    };
  }

  private synchronized int readRegister(int register) {
    return switch (register) {
      case 0 -> pending ? 0x80 : 0;
      case 1 -> 0xc0 | (output & 1) << 5 | (output >> 4 & 3);
      case 2 -> output;
      case 3 -> tape;
      case 4 -> mainStatus();
      default -> readFifo();
    };
  }

  private synchronized void writeRegister(int register, int value) {
    switch (register) {
      case 2 -> {
        boolean awakes = (value & ~output & NOT_RESET) != 0;
        boolean sleeps = (output & ~value & NOT_RESET) != 0;
        output = value;
        if (sleeps) {
          begin();
          lower();
        } else if (awakes) {
          awake();
        }
      }
      case 3 -> tape = value & 3;
      case 4 -> {
        rate = value & 3;
        if ((value & 0x80) != 0) { // a reset that ends by itself
          begin();
          awake();
        }
      }
      case 5 -> writeFifo(value);
      default -> {} // these are read
    }
  }

  private void awake() {
    polls = 4;
    raise();
  }

  private int mainStatus() {
    if ((output & NOT_RESET) == 0) {
      return 0;
    }
    return switch (phase) {
      case COMMAND -> READY | (filled > 0 ? BUSY : 0);
      case RESULT -> READY | TO_HOST | BUSY;
      case EXECUTION ->
          BUSY
              | (transfer.awaitsProcessor() ? READY | BY_PROCESSOR : 0)
              | (transfer.toProcessor() ? TO_HOST : 0);
    };
  }

  private int readFifo() {
    if (phase == Phase.EXECUTION && transfer.awaitsProcessor() && transfer.toProcessor()) {
      lower();
      return transfer.read();
    }
    if (phase != Phase.RESULT) {
      return 0;
    }
    if (taken == 0) {
      lower();
    }
    int value = fifo[taken++];
    if (taken == filled) {
      phase = Phase.COMMAND;
      filled = 0;
      taken = 0;
    }
    return value;
  }

  private void writeFifo(int value) {
    if ((output & NOT_RESET) == 0 || phase == Phase.RESULT) {
      return;
    }
    if (phase == Phase.EXECUTION) {
      if (transfer.awaitsProcessor() && !transfer.toProcessor()) {
        lower();
        transfer.write(value);
      }
      return;
    }
    fifo[filled++] = value;
    if (filled == 1 + parameters(fifo[0])) {
      filled = 0;
      run();
    }
  }

  // --- commands ---

  private static int parameters(int command) {
    return switch (command & 0x1f) {
      case 0x02, 0x05, 0x06, 0x09, 0x0c, 0x16 -> 8;
      case 0x03, 0x0f -> 2;
      case 0x04, 0x07, 0x0a, 0x12 -> 1;
      case 0x0d -> 5;
      case 0x13 -> 3;
      default -> 0;
    };
  }

  private void result(int... bytes) {
    System.arraycopy(bytes, 0, fifo, 0, bytes.length);
    filled = bytes.length;
    taken = 0;
    phase = Phase.RESULT;
  }

  private void run() {
    int command = fifo[0];
    switch (command & 0x1f) {
      case 0x02, 0x05, 0x06, 0x09, 0x0c, 0x16 -> {
        drive(fifo[1]);
        phase = Phase.EXECUTION;
        transfer.begin(command, fifo);
      }
      case 0x0d -> {
        drive(fifo[1]);
        phase = Phase.EXECUTION;
        transfer.format(fifo);
      }
      case 0x03 -> {
        stepRate = fifo[1];
        headLoad = fifo[2];
        byProcessor = (fifo[2] & 1) != 0;
      }
      case 0x04 -> {
        FloppyDrive drive = drive(fifo[1]);
        result(
            0x28
                | (fifo[1] & 7)
                | (drive.cylinder == 0 ? 0x10 : 0)
                | (drive.isProtected() ? 0x40 : 0));
      }
      case 0x07 -> seek(0, 0);
      case 0x0f -> {
        if ((command & 0x80) == 0) {
          seek(fifo[1] >> 2 & 1, fifo[2]);
        } else { // by so many steps, inward or outward
          int from = drive(fifo[1]).cylinder;
          int to = (command & 0x40) != 0 ? from + fifo[2] : from - fifo[2];
          seek(fifo[1] >> 2 & 1, Math.clamp(to, 0, 255));
        }
      }
      case 0x08 -> senseInterrupt();
      case 0x0a -> readId();
      case 0x0e -> dump();
      case 0x10 -> result(0x90); // an enhanced controller
      case 0x12 -> {
        if ((fifo[1] & 0x80) != 0) {
          perpendicular = fifo[1] & 0x7f;
        } else {
          perpendicular = (perpendicular & 0x7c) | (fifo[1] & 3);
        }
      }
      case 0x13 -> {
        configuration = fifo[2];
        precompensation = fifo[3];
      }
      case 0x14 -> {
        locked = (command & 0x80) != 0;
        result(locked ? 0x10 : 0);
      }
      case 0x18 -> result(0x41);
      default -> result(INVALID);
    }
  }

  private void seek(int head, int to) {
    FloppyDrive drive = drive(fifo[1]);
    int name = (output & 3) | head << 2;
    if (drive.isPresent()) {
      drive.seek(to);
      seekStatus = SEEK_END | name;
    } else {
      seekStatus = SEEK_END | NO_TRACK_0 | ABNORMAL | name;
    }
    raise();
  }

  private void senseInterrupt() {
    if (polls > 0) {
      result(READY_CHANGED | (4 - polls), drives[4 - polls].cylinder);
      polls--;
    } else if (seekStatus >= 0) {
      result(seekStatus, drive().cylinder);
      seekStatus = -1;
    } else {
      result(INVALID);
      return;
    }
    lower();
  }

  private void readId() {
    FloppyDrive drive = drive(fifo[1]);
    int head = fifo[1] >> 2 & 1;
    int name = fifo[1] & 7;
    FloppyGeometry geometry = drive.geometry;
    if (drive.disk() == null || !isRate(geometry) || head >= geometry.heads()) {
      finish(ABNORMAL | name, NO_ADDRESS_MARK, 0, drive.cylinder, head, 1, 2);
      return;
    }
    int sector = drive.lastSector;
    drive.lastSector = sector % geometry.sectors() + 1; // the disk turns
    finish(name, 0, 0, drive.cylinder, head, sector, 2);
  }

  private void dump() {
    result(
        drives[0].cylinder,
        drives[1].cylinder,
        drives[2].cylinder,
        drives[3].cylinder,
        stepRate,
        headLoad,
        lastTrack,
        (locked ? 0x80 : 0) | perpendicular,
        configuration,
        precompensation);
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    phase = state.choice("phase", phase, Phase.values());
    state.within("FIFO", fifo, 0, 0xff);
    filled = state.within("FIFO bytes", filled, 0, fifo.length);
    taken = state.within("FIFO bytes taken", taken, 0, filled);
    output = state.u8("output", output);
    rate = state.within("rate", rate, 0, 3);
    tape = state.within("tape", tape, 0, 3);
    pending = state.flag("interrupt", pending);
    polls = state.within("polls", polls, 0, 4);
    seekStatus = state.within("seek status", seekStatus, -1, 0xff);
    byProcessor = state.flag("by processor", byProcessor);
    stepRate = state.u8("step rate", stepRate);
    headLoad = state.u8("head load", headLoad);
    configuration = state.u8("configuration", configuration);
    precompensation = state.u8("precompensation", precompensation);
    lastTrack = state.u8("last track", lastTrack);
    perpendicular = state.u8("perpendicular", perpendicular);
    locked = state.flag("locked", locked);
    for (FloppyDrive drive : drives) {
      drive.state(state);
    }
    transfer.state(state);
    boolean fits =
        switch (phase) {
          case COMMAND -> filled == 0 || filled <= parameters(fifo[0]);
          case EXECUTION -> true;
          case RESULT -> taken < filled;
        };
    if (!fits) {
      throw state.wrong("FIFO bytes", "are " + filled + ", " + taken + " of them taken");
    }
  }

  @Override
  public synchronized int underWay() {
    return transfer.underWay();
  }
}
