// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.drive.DriveDevice;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.scsi.CommandBlock;
import java.lang.foreign.MemorySegment;

/**
 * A CD or DVD drive on an IDE channel: commands come as packets, of which {@link CdCommands} knows
 * what they mean.
 *
 * @see "ATA/ATAPI-7 volume 1, 6.18 to 6.30; volume 2, 11.8 PACKET non-data, in and DMA protocols"
 */
final class CdDrive extends IdeDrive implements DriveDevice {
  private static final int PACKET = 12; // bytes
  private static final int FOR_COMMAND = 1; // the count register as interrupt reason
  private static final int TO_HOST = 2;
  private static final int BY_MASTER = 1; // features of PACKET
  private static final int LONGEST = 0xfffe; // bytes from one interrupt to the next

  private final GuestDrive drive;
  private final CdCommands commands;
  private final CommandBlock packet = new CommandBlock();
  private final String serial;
  private final TransferMode transferMode = new TransferMode();

  /** What is left of a command that brings data by the guest's processor. */
  private static final class Delivery {
    final TaskFile file;
    final int limit; // bytes from one interrupt to the next
    long sector;
    int sectors; // still to be read
    int from; // in the buffer
    int ready;

    Delivery(TaskFile file, int limit) {
      this.file = file;
      this.limit = limit;
    }
  }

  /**
   * A drive.
   *
   * @param serial at most 20 characters of ASCII
   */
  CdDrive(IdeChannel channel, GuestDrive drive, String serial) {
    super(channel, drive);
    this.drive = drive;
    this.commands = new CdCommands(drive);
    this.serial = serial;
    drive.device(this);
  }

  @Override
  public void mediumChanged() {
    synchronized (channel) {
      commands.mediumChanged();
    }
  }

  @Override
  public void ejectRequested(boolean forced) {
    synchronized (channel) {
      commands.ejectRequested(forced);
    }
  }

  @Override
  int signature() {
    return 0xeb14;
  }

  /** Not ready: software that knows only disks is not to take this for one. */
  @Override
  int statusAfterReset() {
    return 0;
  }

  @Override
  void reset() {
    commands.reset();
  }

  @Override
  boolean resetsItself() {
    return true;
  }

  @Override
  void ownCommand(int code, TaskFile file) {
    switch (code) {
      case 0xa0 -> packet(file);
      case 0xa1 -> {
        channel.fill(identify());
        channel.offer(0, IdentityWords.BYTES, () -> file.status = IdeChannel.READY);
        file.error = 0;
        channel.raise();
      }
      case 0xef -> setFeatures(file);
      // A disk's own command, by which software finds out that this is none.
      case 0xec, 0x20 -> {
        file.signature(signature());
        channel.fail(IdeChannel.ABORTED);
      }
      default -> channel.fail(IdeChannel.ABORTED);
    }
  }

  private void setFeatures(TaskFile file) {
    if (file.features() == 0x03 && transferMode.set(file.countByte())) {
      channel.succeed();
    } else {
      channel.fail(IdeChannel.ABORTED);
    }
  }

  private byte[] identify() {
    var words = new IdentityWords();
    words.set(0, 0x85c0); // packets of 12 bytes, which are asked for soon; removable; a CD drive
    words.text(10, 10, serial);
    words.text(23, 4, "2.5+");
    words.text(27, 20, "QEMU DVD-ROM");
    words.set(48, 1);
    words.set(49, 0xb00); // standby timer, LBA, DMA
    words.set(53, 7); // words 64 to 70 and 88 are valid
    transferMode.describe(words);
    words.set(71, 30); // nanoseconds until a packet is asked for
    words.set(72, 30);
    words.set(80, 0x1e); // ATA-1 to ATA-4
    return words.bytes();
  }

  private void packet(TaskFile file) {
    boolean byMaster = (file.features() & BY_MASTER) != 0;
    int limit = file.byteCount();
    file.error = 0;
    file.count(FOR_COMMAND);
    // Without an interrupt: word 0 says that the packet is asked for soon.
    channel.expect(PACKET, () -> run(file, byMaster, limit));
  }

  private void run(TaskFile file, boolean byMaster, int limit) {
    for (int index = 0; index < PACKET; index++) {
      packet.set(index, channel.byteAt(index));
    }
    switch (commands.run(packet)) {
      case CdCommands.Done _ -> finish(file);
      case CdCommands.Failed _ -> fail(file);
      case CdCommands.Unheard _ -> {
        channel.fail(commands.senseKey() << 4);
        file.status = IdeChannel.ERROR;
        file.count(0);
      }
      case CdCommands.Reply reply when reply.bytes().length == 0 -> finish(file);
      case CdCommands.Reply reply when byMaster ->
          channel.awaitMaster(() ->
              master(
                  file,
                  reply.bytes().length,
                  pages -> pages.copyFrom(0, MemorySegment.ofArray(reply.bytes()))));
      case CdCommands.Sectors sectors when byMaster -> {
        long bytes = (long) sectors.count() * CdCommands.SECTOR;
        long offset = sectors.first() * CdCommands.SECTOR;
        channel.awaitMaster(() -> master(file, bytes, pages -> drive.read(offset, pages)));
      }
      case CdCommands.Reply _, CdCommands.Sectors _ when limit == 0 ->
          channel.fail(IdeChannel.ABORTED);
      case CdCommands.Reply reply -> {
        var delivery = new Delivery(file, Math.min(limit, LONGEST));
        channel.fill(reply.bytes());
        delivery.ready = reply.bytes().length;
        deliver(delivery);
      }
      case CdCommands.Sectors sectors -> {
        var delivery = new Delivery(file, Math.min(limit, LONGEST));
        delivery.sector = sectors.first();
        delivery.sectors = sectors.count();
        deliver(delivery);
      }
    }
  }

  private void finish(TaskFile file) {
    channel.succeed();
    file.count(TO_HOST | FOR_COMMAND);
  }

  /** The sense key is in the error register; the rest has to be asked for. */
  private void fail(TaskFile file) {
    channel.fail(commands.senseKey() << 4);
    file.count(TO_HOST | FOR_COMMAND);
  }

  private void unreadable(TaskFile file) {
    commands.unreadable();
    fail(file);
  }

  private void deliver(Delivery of) {
    if (of.ready == 0 && of.sectors > 0) {
      int sectors = Math.min(of.sectors, IdeChannel.BUFFER / CdCommands.SECTOR);
      int bytes = sectors * CdCommands.SECTOR;
      IoVector into = channel.part(bytes);
      long offset = of.sector * CdCommands.SECTOR;
      channel.busy(
          () -> drive.read(offset, into),
          () -> {
            of.sector += sectors;
            of.sectors -= sectors;
            of.from = 0;
            of.ready = bytes;
            deliver(of);
          },
          () -> unreadable(of.file));
      return;
    }
    if (of.ready == 0) {
      finish(of.file);
      return;
    }
    int bytes = of.ready;
    if (bytes > of.limit) {
      bytes = of.limit == 1 ? 1 : of.limit & ~1; // only the last part may be odd
    }
    int from = of.from;
    of.from += bytes;
    of.ready -= bytes;
    of.file.byteCount(bytes);
    of.file.count(TO_HOST);
    channel.offer(from, bytes, () -> deliver(of));
    channel.raise();
  }

  /** What fills the guest's pages. */
  private interface Filling {
    void into(IoVector pages) throws BlockException;
  }

  private void master(TaskFile file, long bytes, Filling filling) {
    BusMaster master = channel.master();
    IoVector pages = master.pages(bytes, true);
    if (pages == null) {
      master.ended(true);
      channel.fail(IdeChannel.ABORTED);
      return;
    }
    channel.busy(
        () -> {
          filling.into(pages);
          master.written();
        },
        () -> {
          master.ended(false);
          finish(file);
        },
        () -> {
          master.ended(true);
          unreadable(file);
        });
  }
}
