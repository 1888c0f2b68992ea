// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.drive.Access;
import dev.strata.system.device.ImageRequests;
import dev.strata.system.state.StateFields;
import org.jspecify.annotations.Nullable;

/**
 * An ATA disk's commands.
 *
 * @see "ATA/ATAPI-7 volume 1, 6 Command descriptions"
 */
final class HardDisk extends IdeDrive {

  /** What a command waits for that is not over. */
  private enum Step {
    NONE(false),
    /** The guest takes the identity. */
    IDENTITY(false),
    /** The guest takes a block. */
    BLOCK_OUT(false),
    /** The guest brings a block. */
    BLOCK_IN(false),
    /** The guest starts the bus master. */
    MASTER(false),
    READ(true),
    WRITE(true),
    MOVE(true),
    FLUSH(true);

    private final boolean asks; // an image, not the guest

    Step(boolean asks) {
      this.asks = asks;
    }
  }

  private final AtaDrive drive;
  private Step step = Step.NONE;
  private Transfer transfer = new Transfer(false, false, 1);

  /** What is left of a command that moves sectors. */
  private static final class Transfer {
    final boolean write;
    final boolean wide;
    final int block; // sectors from one interrupt to the next
    long sector;
    int left;

    Transfer(boolean write, boolean wide, int block) {
      this.write = write;
      this.wide = wide;
      this.block = block;
    }

    int next() {
      return Math.min(left, block);
    }
  }

  HardDisk(IdeChannel channel, AtaDrive drive) {
    super(channel, drive.disk());
    this.drive = drive;
  }

  @Override
  int signature() {
    return 0;
  }

  @Override
  int statusAfterReset() {
    return IdeChannel.READY | IdeChannel.SEEK_DONE;
  }

  @Override
  int statusWhileHeld() {
    int ready = IdeChannel.READY | IdeChannel.SEEK_DONE;
    return switch (step) {
      case READ, WRITE -> ready;
      case MOVE -> ready | IdeChannel.DATA_REQUEST;
      case FLUSH -> IdeChannel.BUSY | IdeChannel.READY;
      case NONE, IDENTITY, BLOCK_OUT, BLOCK_IN, MASTER -> IdeChannel.BUSY; // no request is held
    };
  }

  @Override
  void reset() {
    drive.multiple = AtaDrive.MOST_MULTIPLE;
  }

  @Override
  void ownCommand(int code, TaskFile file) {
    switch (code) {
      case 0x20, 0x21 -> move(file, false, false, 1);
      case 0x24 -> move(file, false, true, 1);
      case 0x30, 0x31 -> move(file, true, false, 1);
      case 0x34 -> move(file, true, true, 1);
      case 0xc4 -> move(file, false, false, drive.multiple);
      case 0x29 -> move(file, false, true, drive.multiple);
      case 0xc5 -> move(file, true, false, drive.multiple);
      case 0x39 -> move(file, true, true, drive.multiple);
      case 0xc8, 0xc9 -> moveByMaster(file, false, false);
      case 0x25 -> moveByMaster(file, false, true);
      case 0xca, 0xcb -> moveByMaster(file, true, false);
      case 0x35 -> moveByMaster(file, true, true);
      case 0x40, 0x41 -> verify(file, false);
      case 0x42 -> verify(file, true);
      case 0xe7, 0xea -> flush();
      case 0xec -> identify(file);
      case 0xf8 -> nativeMaximum(file, false);
      case 0x27 -> nativeMaximum(file, true);
      case 0xc6 -> setMultiple(file.countByte());
      case 0xef -> setFeatures(file);
      // Recalibrate, seek, geometry: nothing turns here.
      case 0x10, 0x70, 0x91 -> channel.succeed();
      default -> channel.fail(IdeChannel.ABORTED);
    }
  }

  private void busy(Step asks, ImageRequests.Request request, Runnable then) {
    busy(asks, request, then, () -> channel.fail(IdeChannel.ABORTED));
  }

  private void busy(Step asks, ImageRequests.Request request, Runnable then, Runnable orElse) {
    step = asks;
    channel.busy(this, request, then, orElse);
  }

  private void flush() {
    busy(Step.FLUSH, () -> drive.disk().flush(), channel::succeed);
  }

  @Override
  void goOn() {
    switch (step) {
      case IDENTITY -> channel.file(this).status = statusAfterReset();
      case BLOCK_OUT -> blockRead(transfer);
      case BLOCK_IN -> writeBlock(transfer);
      case MASTER -> moveAll(transfer);
      case NONE, READ, WRITE, MOVE, FLUSH -> {} // the guest has nothing to do with it
    }
  }

  @Override
  void askAgain() {
    switch (step) {
      case READ -> readBlock(transfer);
      case WRITE -> writeBlock(transfer);
      case MOVE -> moveAll(transfer);
      case FLUSH -> flush();
      case NONE, IDENTITY, BLOCK_OUT, BLOCK_IN, MASTER -> {} // it is the guest's turn
    }
  }

  @Override
  boolean waits(boolean asks) {
    return step != Step.NONE && step.asks == asks;
  }

  @Override
  void state(StateFields state) throws BlockException {
    drive.state(state);
    step = state.choice("step", channel.isAwaitedBy(this) ? step : Step.NONE, Step.values());
    boolean write = state.flag("writes", transfer.write);
    boolean wide = state.flag("wide", transfer.wide);
    int block = state.within("block", transfer.block, 1, AtaDrive.MOST_MULTIPLE);
    long sector = state.within("sector", transfer.sector, 0, 1L << 48);
    int left = state.within("sectors left", transfer.left, 0, 65536);
    if (state.isLoading()) {
      if (step != Step.NONE && sector + left > drive.sectors()) {
        throw state.wrong("sector", "is beyond the disk's end");
      }
      boolean moves =
          switch (step) {
            case BLOCK_IN, MASTER, READ, WRITE, MOVE -> true;
            case NONE, IDENTITY, BLOCK_OUT, FLUSH -> false;
          };
      if (moves && left == 0) {
        throw state.wrong("sectors left", "is 0 of a command that moves some");
      }
      transfer = new Transfer(write, wide, block);
      transfer.sector = sector;
      transfer.left = left;
    }
  }

  private void setMultiple(int sectors) {
    if (sectors > AtaDrive.MOST_MULTIPLE || Integer.bitCount(sectors) > 1) {
      channel.fail(IdeChannel.ABORTED);
    } else {
      drive.multiple = sectors;
      channel.succeed();
    }
  }

  private void setFeatures(TaskFile file) {
    boolean known =
        switch (file.features()) {
          case 0x02, 0x82, 0x55, 0xaa, 0x66, 0xcc -> true; // caching, looking ahead, defaults
          case 0x03 -> drive.transferMode.set(file.countByte());
          default -> false;
        };
    if (known) {
      channel.succeed();
    } else {
      channel.fail(IdeChannel.ABORTED);
    }
  }

  private void nativeMaximum(TaskFile file, boolean wide) {
    long last = drive.sectors() - 1;
    file.sector(drive, wide ? last : Math.min(last, 0xfffffff), wide);
    channel.succeed();
  }

  private void identify(TaskFile file) {
    channel.fill(drive.identify());
    step = Step.IDENTITY;
    channel.offer(0, AtaDrive.SECTOR, this);
    file.error = 0;
    channel.raise();
  }

  /** What the registers ask for, or null if it is not on the disk, which then is told. */
  private @Nullable Transfer begin(TaskFile file, boolean write, boolean wide, int block) {
    var begun = new Transfer(write, wide, block);
    begun.sector = file.sector(drive, wide);
    begun.left = file.sectors(wide);
    if (begun.sector < 0 || begun.sector + begun.left > drive.sectors()) {
      drive.disk().invalid(write ? Access.WRITE : Access.READ);
      channel.fail(IdeChannel.ABORTED);
      return null;
    }
    transfer = begun;
    return begun;
  }

  private void move(TaskFile file, boolean write, boolean wide, int block) {
    if (block == 0) {
      channel.fail(IdeChannel.ABORTED); // no block length has been set
      return;
    }
    Transfer begun = begin(file, write, wide, block);
    if (begun == null) {
      return;
    }
    file.error = 0;
    if (write) {
      expectBlock(begun); // the first block is asked for without an interrupt
    } else {
      readBlock(begun);
    }
  }

  private void expectBlock(Transfer of) {
    step = Step.BLOCK_IN;
    channel.expect(of.next() * AtaDrive.SECTOR, this);
  }

  private void readBlock(Transfer of) {
    int sectors = of.next();
    long offset = of.sector * AtaDrive.SECTOR;
    IoVector into = channel.part(sectors * AtaDrive.SECTOR);
    busy(
        Step.READ,
        () -> drive.disk().read(offset, into),
        () -> {
          advance(of, sectors);
          step = Step.BLOCK_OUT;
          channel.offer(0, sectors * AtaDrive.SECTOR, this);
          channel.raise();
        });
  }

  private void blockRead(Transfer of) {
    if (of.left > 0) {
      readBlock(of);
    } else {
      channel.file(this).status = statusAfterReset();
    }
  }

  private void advance(Transfer of, int sectors) {
    of.sector += sectors;
    of.left -= sectors;
    TaskFile file = channel.file(this);
    file.sector(drive, of.left == 0 ? of.sector - 1 : of.sector, of.wide);
    file.count(of.left);
  }

  private void writeBlock(Transfer of) {
    int sectors = of.next();
    long offset = of.sector * AtaDrive.SECTOR;
    IoVector from = channel.part(sectors * AtaDrive.SECTOR);
    busy(
        Step.WRITE,
        () -> drive.disk().write(offset, from, 0),
        () -> {
          advance(of, sectors);
          if (of.left == 0) {
            channel.succeed();
          } else {
            expectBlock(of);
            channel.raise();
          }
        });
  }

  private void verify(TaskFile file, boolean wide) {
    if (begin(file, false, wide, 1) != null) {
      channel.succeed();
    }
  }

  private void moveByMaster(TaskFile file, boolean write, boolean wide) {
    Transfer begun = begin(file, write, wide, 1);
    if (begun != null) {
      step = Step.MASTER;
      channel.awaitMaster(this);
    }
  }

  private void moveAll(Transfer of) {
    BusMaster master = channel.master();
    long length = (long) of.left * AtaDrive.SECTOR;
    long offset = of.sector * AtaDrive.SECTOR;
    IoVector pages = master.pages(length, !of.write);
    if (pages == null) {
      master.ended(true);
      channel.fail(IdeChannel.ABORTED);
      return;
    }
    busy(
        Step.MOVE,
        () -> {
          if (of.write) {
            drive.disk().write(offset, pages, 0);
          } else {
            drive.disk().read(offset, pages);
            master.written();
          }
        },
        () -> {
          advance(of, of.left);
          master.ended(false);
          channel.succeed();
        },
        () -> {
          master.ended(true);
          channel.fail(IdeChannel.ABORTED);
        });
  }
}
