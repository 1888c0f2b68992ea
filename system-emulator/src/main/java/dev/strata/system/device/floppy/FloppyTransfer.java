// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.ImageRequests;
import dev.strata.system.device.dma.DmaChannel;
import dev.strata.system.state.StateFields;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.Executor;

/**
 * Commands that move bytes between a disk and memory, by DMA or by the processor. Requests to
 * images run elsewhere, without the controller's lock, which all else is called with.
 *
 * @see "Intel 82077AA data sheet, 290166, 5.1 Data transfer commands"
 */
final class FloppyTransfer {
  private static final int NO_DATA = 4; // status 1
  private static final int END_OF_CYLINDER = 0x80;
  private static final int DATA_ERROR = 0x20;
  private static final int WRITE_PROTECTED = 2;
  private static final int OVERRUN = 0x10;
  private static final int WRONG_CYLINDER = 0x10; // status 2
  private static final int BOTH_SIDES = 0x80; // of a command
  private static final int SECTOR = FloppyGeometry.SECTOR;
  private static final int MOST = 2 * 36 * SECTOR; // both sides of a cylinder

  private enum Kind {
    READ,
    WRITE,
    VERIFY,
    FORMAT
  }

  private final FloppyController controller;
  private final DmaChannel channel;
  private final ImageRequests requests;
  private final MemorySegment buffer = Arena.ofAuto().allocate(MOST, 4096);

  private Kind kind = Kind.READ;
  private int name; // head and drive, as in status 0
  private boolean bothSides;
  private int cylinder;
  private int head;
  private int sector;
  private int last; // sector of a side
  private int filler;
  private int sectors; // to be moved
  private int first; // of the disk's
  private int at; // next byte of the buffer, while the processor moves them
  private int end;
  private boolean counted; // DMA's count has been exhausted

  FloppyTransfer(FloppyController controller, DmaChannel channel, Executor worker) {
    this.controller = controller;
    this.channel = channel;
    this.requests = new ImageRequests(controller, worker);
  }

  void abandon() {
    requests.abandon();
    at = 0;
    end = 0;
  }

  boolean awaitsProcessor() {
    return at < end;
  }

  boolean toProcessor() {
    return kind == Kind.READ && at < end;
  }

  /** A command of reading, writing or verifying, with its eight parameters behind it. */
  void begin(int command, int[] words) {
    kind =
        switch (command & 0x1f) {
          case 0x05, 0x09 -> Kind.WRITE;
          case 0x16 -> Kind.VERIFY;
          default -> Kind.READ;
        };
    name = words[1] & 7;
    bothSides = (command & BOTH_SIDES) != 0;
    cylinder = words[2];
    head = words[3] & 1;
    sector = words[4];
    last = words[6];
    controller.lastTrack(last);
    FloppyDrive drive = controller.drive();
    FloppyGeometry geometry = drive.geometry;
    if (drive.disk() == null || !controller.isRate(geometry)) {
      fail(FloppyController.NO_ADDRESS_MARK, 0);
    } else if (cylinder != drive.cylinder) {
      fail(NO_DATA, WRONG_CYLINDER);
    } else if (words[5] != 2 || (words[1] >> 2 & 1) != head) {
      fail(NO_DATA, 0); // there are sectors of 512 bytes, and a side has its own
    } else if (kind == Kind.WRITE && drive.isProtected()) {
      fail(WRITE_PROTECTED, 0);
    } else if (kind != Kind.VERIFY && !controller.byProcessor() && channel.remaining() == 0) {
      fail(OVERRUN, 0); // nobody takes or brings the bytes
    } else {
      first = geometry.sectorAt(cylinder, head, sector);
      if (first < 0) {
        fail(NO_DATA, 0);
      } else {
        count(geometry);
        start(drive);
      }
    }
  }

  /** How many sectors there are to move, as far as sides, disk and DMA go. */
  private void count(FloppyGeometry geometry) {
    int end = Math.min(last, geometry.sectors());
    int onSide = Math.max(end - sector + 1, 1);
    // What is on the other side comes next on the disk only if this side is moved to its end.
    boolean goesOn = bothSides && head == 0 && geometry.heads() == 2 && end == geometry.sectors();
    sectors = onSide + (goesOn ? end : 0);
    int wanted = channel.remaining();
    if (!controller.byProcessor() && kind != Kind.VERIFY) {
      sectors = Math.min(sectors, (wanted + SECTOR - 1) / SECTOR);
    }
  }

  private void start(FloppyDrive drive) {
    counted = false;
    GuestDrive disk = drive.disk();
    if (disk == null) {
      fail(FloppyController.NO_ADDRESS_MARK, 0); // it has been taken out just now
      return;
    }
    IoVector part = IoVector.of(buffer.asSlice(0, (long) sectors * SECTOR));
    long offset = (long) first * SECTOR;
    if (kind != Kind.WRITE) {
      request(() -> disk.read(offset, part), this::haveRead);
    } else if (controller.byProcessor()) {
      await(sectors * SECTOR);
    } else {
      buffer.fill((byte) 0);
      int bytes = Math.min(channel.remaining(), sectors * SECTOR);
      counted = channel.move(buffer.asSlice(0, bytes), false);
      request(() -> disk.write(offset, part, 0), this::moved);
    }
  }

  private void haveRead() {
    if (kind == Kind.VERIFY) {
      moved();
    } else if (controller.byProcessor()) {
      await(sectors * SECTOR);
    } else {
      int bytes = Math.min(channel.remaining(), sectors * SECTOR);
      counted = channel.move(buffer.asSlice(0, bytes), true);
      moved();
    }
  }

  private void await(int bytes) {
    at = 0;
    end = bytes;
    controller.wantProcessor();
  }

  int read() {
    int value = buffer.get(ValueLayout.JAVA_BYTE, at++) & 0xff;
    if (at == end) {
      moved();
    } else {
      controller.wantProcessor();
    }
    return value;
  }

  void write(int value) {
    buffer.set(ValueLayout.JAVA_BYTE, at++, (byte) value);
    if (at < end) {
      controller.wantProcessor();
      return;
    }
    FloppyDrive drive = controller.drive();
    GuestDrive disk = drive.disk();
    if (kind == Kind.FORMAT) {
      formatted(drive);
    } else if (disk == null) {
      fail(FloppyController.NO_ADDRESS_MARK, 0);
    } else {
      IoVector part = IoVector.of(buffer.asSlice(0, end));
      long offset = (long) first * SECTOR;
      request(() -> disk.write(offset, part, 0), this::moved);
    }
  }

  private void request(ImageRequests.Request request, Runnable then) {
    requests.run(request, then, () -> fail(DATA_ERROR, DATA_ERROR));
  }

  /** All has been moved: says which sector comes next. */
  private void moved() {
    controller.drive().lastSector = sector;
    int next = sector + sectors;
    boolean ended = next > last;
    if (ended && bothSides && head == 0 && controller.drive().geometry.heads() == 2) {
      next -= last;
      head = 1;
      ended = next > last;
    }
    if (ended) {
      next = 1;
      cylinder++;
      head = bothSides ? 0 : head;
    }
    sector = next;
    // Without an end by DMA's count, a command runs beyond the cylinder's end.
    boolean over = counted || kind == Kind.VERIFY;
    result(over ? 0 : FloppyController.ABNORMAL, over ? 0 : END_OF_CYLINDER, 0);
  }

  private void fail(int status1, int status2) {
    result(FloppyController.ABNORMAL, status1, status2);
  }

  private void result(int status0, int status1, int status2) {
    abandon();
    int where = (name & ~4) | head << 2;
    controller.finish(status0 | where, status1, status2, cylinder, head, sector, 2);
  }

  /** FORMAT TRACK, with its five parameters behind it. */
  void format(int[] words) {
    kind = Kind.FORMAT;
    name = words[1] & 7;
    head = name >> 2;
    bothSides = false;
    filler = words[5];
    sectors = words[3];
    sector = 1;
    FloppyDrive drive = controller.drive();
    FloppyGeometry geometry = drive.geometry;
    cylinder = drive.cylinder;
    if (drive.disk() == null || !controller.isRate(geometry)) {
      fail(FloppyController.NO_ADDRESS_MARK, 0);
    } else if (drive.isProtected()) {
      fail(WRITE_PROTECTED, 0);
    } else if (words[2] != 2 || sectors == 0 || sectors > geometry.sectors()) {
      fail(NO_DATA, 0); // an image has no room for other sectors
    } else if (controller.byProcessor()) {
      await(4 * sectors);
    } else {
      int bytes = Math.min(channel.remaining(), 4 * sectors);
      if (bytes < 4 * sectors) {
        fail(OVERRUN, 0);
        return;
      }
      counted = channel.move(buffer.asSlice(0, bytes), false);
      formatted(drive);
    }
  }

  /** The names of the sectors to be made are in the buffer. */
  private void formatted(FloppyDrive drive) {
    GuestDrive disk = drive.disk();
    FloppyGeometry geometry = drive.geometry;
    var places = new int[sectors];
    for (int index = 0; index < sectors; index++) {
      int onCylinder = buffer.get(ValueLayout.JAVA_BYTE, 4L * index) & 0xff;
      int onHead = buffer.get(ValueLayout.JAVA_BYTE, 4L * index + 1) & 0xff;
      int number = buffer.get(ValueLayout.JAVA_BYTE, 4L * index + 2) & 0xff;
      places[index] = geometry.sectorAt(onCylinder, onHead, number);
      if (onCylinder != drive.cylinder || onHead != head || places[index] < 0) {
        fail(NO_DATA, 0);
        return;
      }
    }
    at = 0;
    end = 0;
    if (disk == null) {
      fail(FloppyController.NO_ADDRESS_MARK, 0);
      return;
    }
    buffer.asSlice(0, SECTOR).fill((byte) filler);
    IoVector content = IoVector.of(buffer.asSlice(0, SECTOR));
    request(
        () -> {
          for (int place : places) {
            disk.write((long) place * SECTOR, content, 0);
          }
        },
        () -> result(0, 0, 0));
  }

  /** The fields; no request is under way. */
  void state(StateFields state) throws BlockException {
    kind = state.choice("kind", kind, Kind.values());
    name = state.within("name", name, 0, 7);
    bothSides = state.flag("both sides", bothSides);
    cylinder = state.u16("cylinder", cylinder);
    head = state.within("head", head, 0, 1);
    sector = state.u16("sector", sector);
    last = state.u8("last sector", last);
    filler = state.u8("filler", filler);
    sectors = state.u8("sectors", sectors); // a command that was refused may have named any number
    first = state.within("first sector", first, -1, 1 << 20);
    at = state.within("next byte", at, 0, MOST);
    end = state.within("end", end, at, MOST);
    counted = state.flag("counted", counted);
    state.memory("buffer", buffer);
    if (kind == Kind.WRITE && at < end && first < 0) {
      throw state.wrong("first sector", "is none of the disk's");
    }
  }

  int underWay() {
    return requests.underWay();
  }
}
