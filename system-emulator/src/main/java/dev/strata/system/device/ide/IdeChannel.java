// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A channel with its two drives: the command registers and the way of bytes by them. Disk requests
 * run elsewhere, without the channel's lock; until they return the drive is busy. Thread-safe.
 *
 * @see "ATA/ATAPI-7 volume 1, 6 Command descriptions; volume 2, 11 Parallel interface protocol"
 */
final class IdeChannel {
  static final int BUSY = 0x80; // status
  static final int READY = 0x40;
  static final int SEEK_DONE = 0x10;
  static final int DATA_REQUEST = 8;
  static final int ERROR = 1;
  static final int ABORTED = 4; // error
  static final int ID_NOT_FOUND = 0x10;
  static final int UNCORRECTABLE = 0x40;

  private static final int INTERRUPTS_OFF = 2; // device control
  private static final int SOFTWARE_RESET = 4;
  private static final int OLDER = 0x80;

  private static final int MOST_BYTES = AtaDrive.MOST_MULTIPLE * AtaDrive.SECTOR;
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final @Nullable AtaDrive[] drives = new AtaDrive[2];
  private final TaskFile[] files = {new TaskFile(), new TaskFile()};
  private final IrqLine interrupt;
  private final Executor worker;
  private final BusMaster master;
  // Bytes between guest and disk; the worker's while the drive is busy.
  private final MemorySegment buffer = Arena.ofAuto().allocate(MOST_BYTES, 4096);
  private int selected;
  private int status;
  private int error;
  private int control;
  private int at; // next byte of the buffer
  private int end;
  private int generation; // requests of an earlier one return to a channel that has been reset
  private @Nullable Transfer transfer;

  /** What is left of a command that moves sectors. */
  private static final class Transfer {
    final AtaDrive drive;
    final TaskFile file;
    final boolean write;
    final boolean wide;
    final int block; // sectors from one interrupt to the next
    long sector;
    int left;

    Transfer(AtaDrive drive, TaskFile file, boolean write, boolean wide, int block) {
      this.drive = drive;
      this.file = file;
      this.write = write;
      this.wide = wide;
      this.block = block;
    }
  }

  /**
   * A channel without drives.
   *
   * @param worker runs disk requests, one after the other
   */
  IdeChannel(IrqLine interrupt, Executor worker, BusMaster master) {
    this.interrupt = interrupt;
    this.worker = worker;
    this.master = master;
    master.connect(this::masterStarts);
  }

  void attach(int number, AtaDrive drive) {
    drives[number] = drive;
  }

  boolean isFree(int number) {
    return drives[number] == null;
  }

  synchronized void reset() {
    control = 0;
    selected = 0;
    resetDrives();
    interrupt.set(false);
  }

  private void resetDrives() {
    generation++;
    transfer = null;
    at = 0;
    end = 0;
    for (int number = 0; number < 2; number++) {
      files[number].reset(drives[number] != null);
      AtaDrive drive = drives[number];
      if (drive != null) {
        drive.multiple = AtaDrive.MOST_MULTIPLE;
      }
    }
    selected = 0;
    error = 1; // the diagnosis: all is well
    status = READY | SEEK_DONE;
    master.idle();
  }

  private @Nullable AtaDrive drive() {
    return drives[selected];
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
          return visibleStatus();
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        writeControl((int) value & 0xff);
      }
    };
  }

  private int visibleStatus() {
    return drive() == null ? 0 : status;
  }

  private synchronized int readRegister(int register) {
    if (drives[0] == null && drives[1] == null) {
      return 0; // nothing drives the wires
    }
    return switch (register) {
      case 1 -> error;
      case 6 -> files[selected].device;
      case 7 -> {
        interrupt.set(false);
        yield visibleStatus();
      }
      default -> files[selected].read(register, (control & OLDER) != 0);
    };
  }

  private synchronized void writeControl(int value) {
    boolean resets = (value & ~control & SOFTWARE_RESET) != 0;
    boolean ends = (control & ~value & SOFTWARE_RESET) != 0;
    control = value;
    if (resets) {
      resetDrives();
      status = BUSY;
    } else if (ends) {
      status = READY | SEEK_DONE;
    }
    if ((value & INTERRUPTS_OFF) != 0) {
      interrupt.set(false);
    }
  }

  private synchronized void writeRegister(int register, int value) {
    control &= ~OLDER;
    if (register == 7) {
      command(value);
      return;
    }
    if ((status & BUSY) != 0) {
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

  private void raise() {
    if ((control & INTERRUPTS_OFF) == 0) {
      interrupt.set(true);
    }
  }

  private void succeed() {
    status = READY | SEEK_DONE;
    error = 0;
    raise();
  }

  private void fail(int reason) {
    transfer = null;
    at = 0;
    end = 0;
    status = READY | SEEK_DONE | ERROR;
    error = reason;
    raise();
  }

  private void command(int code) {
    AtaDrive drive = drive();
    if (drive == null || (status & BUSY) != 0) {
      return;
    }
    interrupt.set(false);
    transfer = null;
    TaskFile file = files[selected];
    switch (code) {
      case 0x20, 0x21 -> move(drive, false, false, 1);
      case 0x24 -> move(drive, false, true, 1);
      case 0x30, 0x31 -> move(drive, true, false, 1);
      case 0x34 -> move(drive, true, true, 1);
      case 0xc4 -> move(drive, false, false, drive.multiple);
      case 0x29 -> move(drive, false, true, drive.multiple);
      case 0xc5 -> move(drive, true, false, drive.multiple);
      case 0x39 -> move(drive, true, true, drive.multiple);
      case 0xc8, 0xc9 -> moveByMaster(drive, false, false);
      case 0x25 -> moveByMaster(drive, false, true);
      case 0xca, 0xcb -> moveByMaster(drive, true, false);
      case 0x35 -> moveByMaster(drive, true, true);
      case 0x40, 0x41 -> verify(drive, false);
      case 0x42 -> verify(drive, true);
      case 0xe7, 0xea -> flush(drive);
      case 0xec -> identify(drive);
      case 0xf8 -> nativeMaximum(drive, false);
      case 0x27 -> nativeMaximum(drive, true);
      case 0xc6 -> setMultiple(drive, file.countByte());
      case 0xef -> setFeatures(drive, file);
      case 0x90 -> {
        file.signature();
        succeed();
        error = 1;
      }
      case 0xe5, 0x98 -> {
        file.count(0xff); // active or idle
        succeed();
      }
      // Recalibrate, seek, geometry, power states: nothing turns here.
      case 0x10, 0x70, 0x91, 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x99 ->
          succeed();
      default -> fail(ABORTED);
    }
  }

  private void setMultiple(AtaDrive drive, int sectors) {
    if (sectors > AtaDrive.MOST_MULTIPLE || Integer.bitCount(sectors) > 1) {
      fail(ABORTED);
    } else {
      drive.multiple = sectors;
      succeed();
    }
  }

  private void setFeatures(AtaDrive drive, TaskFile file) {
    boolean known =
        switch (file.features()) {
          case 0x02, 0x82, 0x55, 0xaa, 0x66, 0xcc -> true; // caching, looking ahead, defaults
          case 0x03 -> drive.transferMode(file.countByte());
          default -> false;
        };
    if (known) {
      succeed();
    } else {
      fail(ABORTED);
    }
  }

  private void nativeMaximum(AtaDrive drive, boolean wide) {
    long last = drive.sectors() - 1;
    files[selected].sector(drive, wide ? last : Math.min(last, 0xfffffff), wide);
    succeed();
  }

  private void identify(AtaDrive drive) {
    buffer.asSlice(0, AtaDrive.SECTOR).copyFrom(MemorySegment.ofArray(drive.identify()));
    at = 0;
    end = AtaDrive.SECTOR;
    status = READY | SEEK_DONE | DATA_REQUEST;
    error = 0;
    raise();
  }

  /** What the registers ask for, or null if it is not on the disk, which then is told. */
  private @Nullable Transfer begin(AtaDrive drive, boolean write, boolean wide, int block) {
    TaskFile file = files[selected];
    var begun = new Transfer(drive, file, write, wide, block);
    begun.sector = file.sector(drive, wide);
    begun.left = file.sectors(wide);
    if (begun.sector < 0 || begun.sector + begun.left > drive.sectors()) {
      fail(ID_NOT_FOUND);
      return null;
    }
    return begun;
  }

  private void move(AtaDrive drive, boolean write, boolean wide, int block) {
    if (block == 0) {
      fail(ABORTED); // no block length has been set
      return;
    }
    Transfer begun = begin(drive, write, wide, block);
    transfer = begun;
    if (begun == null) {
      return;
    }
    error = 0;
    if (write) {
      expectBlock(begun); // the first block is asked for without an interrupt
    } else {
      readBlock(begun);
    }
  }

  private void expectBlock(Transfer of) {
    at = 0;
    end = Math.min(of.left, of.block) * AtaDrive.SECTOR;
    status = READY | SEEK_DONE | DATA_REQUEST;
  }

  /** A request to the disk. */
  private interface DiskWork {
    void run() throws BlockException;
  }

  /** Runs a request while the drive is busy, then goes on with the lock held. */
  private void busy(DiskWork request, Runnable then) {
    status = BUSY;
    int mine = generation;
    worker.execute(() -> {
      boolean failed = false;
      try {
        request.run();
      } catch (BlockException _) {
        failed = true;
      }
      synchronized (this) {
        if (mine != generation) {
          return;
        }
        if (failed) {
          fail(UNCORRECTABLE);
          master.ended(true);
        } else {
          then.run();
        }
      }
    });
  }

  private void readBlock(Transfer of) {
    int sectors = Math.min(of.left, of.block);
    long offset = of.sector * AtaDrive.SECTOR;
    IoVector into = IoVector.of(buffer.asSlice(0, (long) sectors * AtaDrive.SECTOR));
    busy(
        () -> of.drive.disk().read(offset, into, 0),
        () -> {
          at = 0;
          end = sectors * AtaDrive.SECTOR;
          advance(of, sectors);
          status = READY | SEEK_DONE | DATA_REQUEST;
          raise();
        });
  }

  private static void advance(Transfer of, int sectors) {
    of.sector += sectors;
    of.left -= sectors;
    of.file.sector(of.drive, of.left == 0 ? of.sector - 1 : of.sector, of.wide);
    of.file.count(of.left);
  }

  private void writeBlock(Transfer of) {
    int sectors = Math.min(of.left, of.block);
    long offset = of.sector * AtaDrive.SECTOR;
    IoVector from = IoVector.of(buffer.asSlice(0, (long) sectors * AtaDrive.SECTOR));
    busy(
        () -> of.drive.disk().write(offset, from, 0),
        () -> {
          advance(of, sectors);
          if (of.left == 0) {
            transfer = null;
            succeed();
          } else {
            expectBlock(of);
            raise();
          }
        });
  }

  private synchronized long readData(int bytes) {
    if ((status & DATA_REQUEST) == 0 || (transfer != null && transfer.write)) {
      return 0;
    }
    if (end - at < bytes) {
      bytes = end - at; // an odd number of bytes is nobody's protocol, but must end
    }
    long value =
        switch (bytes) {
          case 4 -> buffer.get(U32, at) & 0xffffffffL;
          case 2, 3 -> buffer.get(U16, at) & 0xffff;
          default -> buffer.get(ValueLayout.JAVA_BYTE, at) & 0xff;
        };
    at += bytes;
    if (at == end) {
      Transfer of = transfer;
      if (of != null && of.left > 0) {
        readBlock(of);
      } else {
        transfer = null;
        status = READY | SEEK_DONE;
      }
    }
    return value;
  }

  private synchronized void writeData(int bytes, long value) {
    Transfer of = transfer;
    if ((status & DATA_REQUEST) == 0 || of == null || !of.write) {
      return;
    }
    for (int index = 0; index < bytes && at < end; index++) {
      buffer.set(ValueLayout.JAVA_BYTE, at++, (byte) (value >>> (8 * index)));
    }
    if (at == end) {
      writeBlock(of);
    }
  }

  private void verify(AtaDrive drive, boolean wide) {
    if (begin(drive, false, wide, 1) != null) {
      succeed();
    }
  }

  private void flush(AtaDrive drive) {
    busy(() -> drive.disk().flush(), this::succeed);
  }

  private void moveByMaster(AtaDrive drive, boolean write, boolean wide) {
    Transfer begun = begin(drive, write, wide, 1);
    if (begun == null) {
      return;
    }
    transfer = begun;
    at = 0;
    end = 0;
    error = 0;
    status = READY | SEEK_DONE | DATA_REQUEST;
    if (master.isStarted()) {
      moveAll(begun);
    }
  }

  /** The guest has started the bus master; perhaps a command waits for it. */
  private synchronized void masterStarts() {
    Transfer of = transfer;
    if (of != null && (status & DATA_REQUEST) != 0 && end == 0) {
      moveAll(of);
    }
  }

  private void moveAll(Transfer of) {
    long length = (long) of.left * AtaDrive.SECTOR;
    long offset = of.sector * AtaDrive.SECTOR;
    IoVector pages = master.pages(length, !of.write);
    if (pages == null) {
      fail(ABORTED);
      master.ended(true);
      return;
    }
    busy(
        () -> {
          if (of.write) {
            of.drive.disk().write(offset, pages, 0);
          } else {
            of.drive.disk().read(offset, pages, 0);
            master.written();
          }
        },
        () -> {
          advance(of, of.left);
          transfer = null;
          succeed();
          master.ended(false);
        });
  }
}
