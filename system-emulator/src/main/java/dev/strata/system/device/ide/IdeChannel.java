// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.system.device.ImageRequests;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A channel with its two drives: the registers, and the ways of bytes between a drive and the
 * guest. Requests to images run elsewhere, without the channel's lock; until they return the drive
 * is busy. Thread-safe.
 *
 * @see "ATA/ATAPI-7 volume 2, 11 Parallel interface protocol"
 */
final class IdeChannel {
  static final int BUSY = 0x80; // status
  static final int READY = 0x40;
  static final int SEEK_DONE = 0x10;
  static final int DATA_REQUEST = 8;
  static final int ERROR = 1;
  static final int ABORTED = 4; // error

  /** The most bytes that wait for the guest at a time. */
  static final int BUFFER = AtaDrive.MOST_MULTIPLE * AtaDrive.SECTOR;

  private static final int NONE = 0xffff; // the signature of a drive that is not there
  private static final int INTERRUPTS_OFF = 2; // device control
  private static final int SOFTWARE_RESET = 4;
  private static final int OLDER = 0x80;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final @Nullable IdeDrive[] drives = new IdeDrive[2];
  private final TaskFile[] files = {new TaskFile(), new TaskFile()};
  private final IrqLine interrupt;
  private final ImageRequests requests;
  private final BusMaster master;
  // Bytes between guest and drive; the worker's while the drive is busy.
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER, 4096);
  private int selected;
  private int control;
  private int at; // next byte of the buffer
  private int end;
  private boolean incoming; // the guest writes the buffer, and does not read it
  private @Nullable IdeDrive moving; // goes on when the guest has read or written the buffer
  private @Nullable IdeDrive mastering; // goes on when the guest starts the bus master
  private @Nullable IdeDrive asking; // goes on when its request to an image is done
  private boolean asksAgain; // the request is to be made when the machine goes on

  /**
   * A channel without drives.
   *
   * @param worker runs requests to images, one after the other
   */
  IdeChannel(IrqLine interrupt, Executor worker, BusMaster master) {
    this.interrupt = interrupt;
    this.requests = new ImageRequests(this, worker);
    this.master = master;
    master.connect(this::masterStarts);
  }

  void attach(int number, IdeDrive drive) {
    drives[number] = drive;
  }

  boolean isFree(int number) {
    return drives[number] == null;
  }

  synchronized void reset() {
    control = 0;
    resetDrives();
    interrupt.set(false);
  }

  private void resetDrives() {
    abandon();
    for (int number = 0; number < 2; number++) {
      IdeDrive drive = drives[number];
      TaskFile file = files[number];
      file.reset(drive == null ? NONE : drive.signature());
      file.error = 1; // the diagnosis: all is well
      file.status = drive == null ? 0 : drive.statusAfterReset();
      if (drive != null) {
        drive.reset();
      }
    }
    selected = 0;
  }

  private void abandon() {
    requests.abandon();
    for (IdeDrive drive : drives) {
      if (drive != null) {
        drive.abandon();
      }
    }
    still();
    asking = null;
    asksAgain = false;
    master.idle();
  }

  /** A reset of the selected drive alone, which is allowed while it is busy. */
  void resetSelected() {
    abandon();
    IdeDrive drive = drives[selected];
    if (drive != null) {
      TaskFile file = files[selected];
      file.signature(drive.signature());
      file.error = 1;
      file.status = drive.statusAfterReset();
      drive.reset();
    }
  }

  /** Ports 1F0h to 1F7h, or 170h to 177h. */
  MmioHandler commandBlock() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        return offset == 0 ? readData(bytes) : readRegister((int) offset & 7);
      }

      @Override
      public void write(long offset, int bytes, long value) {
        if (offset == 0) {
          writeData(bytes, value);
        } else {
          writeRegister((int) offset & 7, (int) value & 0xff);
        }
      }
    };
  }

  /** Port 3F6h, or 376h. */
  MmioHandler controlBlock() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (IdeChannel.this) {
          return status();
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        writeControl((int) value & 0xff);
      }
    };
  }

  /** The status, as the reference shows it while a request waits for the machine to go on. */
  private int status() {
    IdeDrive drive = asking;
    boolean waits = drive != null && drive == drives[selected] && (asksAgain || drive.isHeld());
    return drive != null && waits ? drive.statusWhileHeld() : files[selected].status;
  }

  private synchronized int readRegister(int register) {
    if (drives[0] == null && drives[1] == null) {
      return 0; // nothing drives the wires
    }
    TaskFile file = files[selected];
    return switch (register) {
      case 1 -> file.error;
      case 6 -> file.device;
      case 7 -> {
        interrupt.set(false);
        yield status();
      }
      default -> file.read(register, (control & OLDER) != 0);
    };
  }

  private synchronized void writeControl(int value) {
    boolean resets = (value & ~control & SOFTWARE_RESET) != 0;
    boolean ends = (control & ~value & SOFTWARE_RESET) != 0;
    control = value;
    if (resets || ends) {
      resetDrives();
    }
    for (int number = 0; resets && number < 2; number++) {
      files[number].status = drives[number] == null ? 0 : BUSY;
    }
    if ((value & INTERRUPTS_OFF) != 0) {
      interrupt.set(false);
    }
  }

  private synchronized void writeRegister(int register, int value) {
    control &= ~OLDER;
    if (register == 7) {
      IdeDrive drive = drives[selected];
      if (drive != null) {
        interrupt.set(false);
        drive.command(value, files[selected]);
      }
      return;
    }
    if ((files[selected].status & BUSY) != 0) {
      return;
    }
    if (register == 6) {
      selected = value >> 4 & 1;
      files[0].device = (value & ~0x10) | 0xa0;
      files[1].device = value | 0xb0;
      return;
    }
    // Both drives hear what is written.
    files[0].write(register, value);
    files[1].write(register, value);
  }

  // --- for the drives, with the lock held ---

  boolean isBusy() {
    return (files[selected].status & BUSY) != 0;
  }

  /** Nothing moves any more: what a new command begins with. */
  void still() {
    moving = null;
    mastering = null;
    at = 0;
    end = 0;
  }

  /** An interrupt, if the guest wants them. */
  void raise() {
    if ((control & INTERRUPTS_OFF) == 0) {
      interrupt.set(true);
    }
  }

  /** The command is over, and well. */
  void succeed() {
    still();
    TaskFile file = files[selected];
    file.status = READY | SEEK_DONE;
    file.error = 0;
    raise();
  }

  /** The command is over; {@code reason} is the error register. */
  void fail(int reason) {
    still();
    TaskFile file = files[selected];
    file.status = READY | ERROR;
    file.error = reason;
    raise();
  }

  /** Fills the buffer from its start. */
  void fill(byte[] bytes) {
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
  }

  /** Part of the buffer, for a request to an image. */
  IoVector part(int bytes) {
    return IoVector.of(buffer.asSlice(0, bytes));
  }

  /** A byte of the buffer. */
  int byteAt(int index) {
    return buffer.get(ValueLayout.JAVA_BYTE, index) & 0xff;
  }

  /** The guest is to read a part of the buffer; the drive goes on when it has. */
  void offer(int from, int bytes, IdeDrive then) {
    move(from, bytes, false, then);
  }

  /** The guest is to write the first bytes of the buffer; the drive goes on when it has. */
  void expect(int bytes, IdeDrive then) {
    move(0, bytes, true, then);
  }

  private void move(int from, int bytes, boolean toDrive, IdeDrive then) {
    at = from;
    end = from + bytes;
    incoming = toDrive;
    moving = then;
    files[selected].status = READY | SEEK_DONE | DATA_REQUEST;
  }

  /** The drive goes on when the guest has started the bus master. */
  void awaitMaster(IdeDrive then) {
    still();
    files[selected].status = READY | SEEK_DONE | DATA_REQUEST;
    files[selected].error = 0;
    if (master.isStarted()) {
      then.goOn();
    } else {
      mastering = then;
    }
  }

  BusMaster master() {
    return master;
  }

  /** Runs a request while its drive is busy, then goes on with the lock held. */
  void busy(IdeDrive by, ImageRequests.Request request, Runnable then, Runnable orElse) {
    files[selected].status = BUSY;
    asking = by;
    requests.run(request, () -> answered(then), () -> answered(orElse));
  }

  private void answered(Runnable then) {
    asking = null;
    then.run();
  }

  /** The registers of a drive that is connected here. */
  TaskFile file(IdeDrive of) {
    return files[of == drives[1] ? 1 : 0];
  }

  // --- for the guest ---

  private synchronized long readData(int bytes) {
    if (at == end || incoming) {
      return 0;
    }
    if (end - at < bytes) {
      bytes = end - at; // an odd number of bytes is nobody's protocol, but must end
    }
    long value =
        switch (bytes) {
          case 4 -> buffer.get(U32, at) & 0xffffffffL;
          case 2, 3 -> buffer.get(U16, at) & 0xffff;
          default -> byteAt(at);
        };
    at += bytes;
    passed();
    return value;
  }

  private synchronized void writeData(int bytes, long value) {
    if (at == end || !incoming) {
      return;
    }
    for (int index = 0; index < bytes && at < end; index++) {
      buffer.set(ValueLayout.JAVA_BYTE, at++, (byte) (value >>> (8 * index)));
    }
    passed();
  }

  private void passed() {
    IdeDrive then = moving;
    if (at == end && then != null) {
      moving = null;
      then.goOn();
    }
  }

  private synchronized void masterStarts() {
    IdeDrive then = mastering;
    if (then != null) {
      mastering = null;
      then.goOn();
    }
  }

  // --- what lasts ---

  synchronized void state(StateFields state) throws BlockException {
    selected = state.within("selected", selected, 0, 1);
    control = state.u8("device control", control);
    state.memory("buffer", buffer);
    at = state.within("next byte", at, 0, BUFFER);
    end = state.within("end", end, at, BUFFER);
    incoming = state.flag("incoming", incoming);
    for (int number = 0; number < 2; number++) {
      IdeDrive drive = drives[number];
      files[number].state(state);
      state.same("drive", drive == null ? NONE : drive.signature());
      if (drive != null) {
        drive.state(state);
      }
    }
    moving = drive("moving", moving, state);
    mastering = drive("mastering", mastering, state);
    asking = drive("asking", asking, state);
    if (state.isLoading()) {
      asksAgain = asking != null;
      if (moving != null && at == end) {
        throw state.wrong("moving", "has no bytes to move");
      }
      check(state, moving, false);
      check(state, mastering, false);
      check(state, asking, true);
    }
  }

  /** A drive by its number, or none. */
  private @Nullable IdeDrive drive(String field, @Nullable IdeDrive value, StateFields state)
      throws BlockException {
    int number = value == null ? -1 : value == drives[0] ? 0 : 1;
    int read = state.within(field, number, -1, 1);
    if (read >= 0 && drives[read] == null) {
      throw state.wrong(field, "is a drive that is not there");
    }
    return read < 0 ? null : drives[read];
  }

  private static void check(StateFields state, @Nullable IdeDrive drive, boolean asks)
      throws BlockException {
    if (drive != null && !drive.waits(asks)) {
      throw state.wrong("drive", "does not wait for anything");
    }
  }

  /** Whether a drive has a command that is not over. */
  boolean isAwaitedBy(IdeDrive drive) {
    return moving == drive || mastering == drive || asking == drive;
  }

  synchronized int underWay() {
    return requests.underWay();
  }

  /** Makes a request again that was under way when the state was saved. */
  synchronized void resumed() {
    IdeDrive drive = asking;
    if (asksAgain && drive != null) {
      asksAgain = false;
      drive.askAgain();
    }
  }
}
