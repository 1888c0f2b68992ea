// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.drive.DriveDevice;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.scsi.CommandBlock;
import dev.strata.system.state.StateFields;
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

  /** What a command waits for that is not over. */
  private enum Step {
    NONE(false),
    /** The guest takes the identity. */
    IDENTITY(false),
    /** The guest brings a packet. */
    PACKET(false),
    /** The guest takes a part of what there is. */
    PART(false),
    /** The guest starts the bus master. */
    MASTER(false),
    READ(true),
    MOVE(true);

    private final boolean asks; // an image, not the guest

    Step(boolean asks) {
      this.asks = asks;
    }
  }

  private final GuestDrive drive;
  private final CdCommands commands;
  private final CommandBlock packet = new CommandBlock();
  private final String serial;
  private final TransferMode transferMode = new TransferMode();
  // Of a command that is not over.
  private Step step = Step.NONE;
  private boolean byMaster;
  private int limit; // bytes from one interrupt to the next
  private long sector;
  private int sectors; // still to be read
  private int from; // in the buffer
  private int ready;
  private byte[] reply = new byte[0]; // to be mastered, unless it is sectors

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
        step = Step.IDENTITY;
        channel.offer(0, IdentityWords.BYTES, this);
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
    byMaster = (file.features() & BY_MASTER) != 0;
    limit = Math.min(file.byteCount(), LONGEST);
    file.error = 0;
    file.count(FOR_COMMAND);
    step = Step.PACKET;
    // Without an interrupt: word 0 says that the packet is asked for soon.
    channel.expect(PACKET, this);
  }

  @Override
  void goOn() {
    switch (step) {
      case IDENTITY -> channel.file(this).status = IdeChannel.READY;
      case PACKET -> run(channel.file(this));
      case PART -> deliver();
      case MASTER -> master();
      case NONE, READ, MOVE -> {} // the guest has nothing to do with it
    }
  }

  @Override
  void askAgain() {
    switch (step) {
      case READ -> deliver();
      case MOVE -> master();
      case NONE, IDENTITY, PACKET, PART, MASTER -> {} // it is the guest's turn
    }
  }

  @Override
  boolean waits(boolean asks) {
    return step != Step.NONE && step.asks == asks;
  }

  @Override
  void state(StateFields state) throws BlockException {
    commands.state(state);
    transferMode.state(state);
    step = state.choice("step", channel.isAwaitedBy(this) ? step : Step.NONE, Step.values());
    byMaster = state.flag("by master", byMaster);
    limit = state.within("limit", limit, 0, LONGEST);
    sector = state.within("sector", sector, 0, 0xffffffffL);
    sectors = state.within("sectors left", sectors, 0, Integer.MAX_VALUE);
    from = state.within("first byte", from, 0, IdeChannel.BUFFER);
    ready = state.within("bytes ready", ready, 0, IdeChannel.BUFFER - from);
    reply = state.bytes("reply", reply, IdeChannel.BUFFER);
    boolean delivers = step == Step.PART || step == Step.READ;
    if (delivers && limit == 0) {
      throw state.wrong("limit", "is 0 of what is delivered");
    }
  }

  private void run(TaskFile file) {
    for (int index = 0; index < PACKET; index++) {
      packet.set(index, channel.byteAt(index));
    }
    reply = new byte[0];
    sectors = 0;
    ready = 0;
    switch (commands.run(packet)) {
      case CdCommands.Done _ -> finish(file);
      case CdCommands.Failed _ -> fail(file);
      case CdCommands.Unheard _ -> {
        channel.fail(commands.senseKey() << 4);
        file.status = IdeChannel.ERROR;
        file.count(0);
      }
      case CdCommands.Reply answer when answer.bytes().length == 0 -> finish(file);
      case CdCommands.Reply answer when byMaster -> {
        reply = answer.bytes();
        awaitMaster();
      }
      case CdCommands.Sectors wanted when byMaster -> {
        sector = wanted.first();
        sectors = wanted.count();
        awaitMaster();
      }
      case CdCommands.Reply _, CdCommands.Sectors _ when limit == 0 ->
          channel.fail(IdeChannel.ABORTED);
      case CdCommands.Reply answer -> {
        channel.fill(answer.bytes());
        from = 0;
        ready = answer.bytes().length;
        deliver();
      }
      case CdCommands.Sectors wanted -> {
        sector = wanted.first();
        sectors = wanted.count();
        deliver();
      }
    }
  }

  private void awaitMaster() {
    step = Step.MASTER;
    channel.awaitMaster(this);
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

  private void unreadable() {
    commands.unreadable();
    fail(channel.file(this));
  }

  private void deliver() {
    TaskFile file = channel.file(this);
    if (ready == 0 && sectors > 0) {
      int part = Math.min(sectors, IdeChannel.BUFFER / CdCommands.SECTOR);
      int bytes = part * CdCommands.SECTOR;
      IoVector into = channel.part(bytes);
      long offset = sector * CdCommands.SECTOR;
      step = Step.READ;
      channel.busy(
          this,
          () -> drive.read(offset, into),
          () -> {
            sector += part;
            sectors -= part;
            from = 0;
            ready = bytes;
            deliver();
          },
          this::unreadable);
      return;
    }
    if (ready == 0) {
      finish(file);
      return;
    }
    int bytes = ready;
    if (bytes > limit) {
      bytes = limit == 1 ? 1 : limit & ~1; // only the last part may be odd
    }
    int first = from;
    from += bytes;
    ready -= bytes;
    file.byteCount(bytes);
    file.count(TO_HOST);
    step = Step.PART;
    channel.offer(first, bytes, this);
    channel.raise();
  }

  private void master() {
    BusMaster master = channel.master();
    byte[] answer = reply;
    long offset = sector * CdCommands.SECTOR;
    boolean reads = answer.length == 0;
    IoVector pages = master.pages(reads ? (long) sectors * CdCommands.SECTOR : answer.length, true);
    if (pages == null) {
      master.ended(true);
      channel.fail(IdeChannel.ABORTED);
      return;
    }
    step = Step.MOVE;
    channel.busy(
        this,
        () -> {
          if (reads) {
            drive.read(offset, pages);
          } else {
            pages.copyFrom(0, MemorySegment.ofArray(answer));
          }
          master.written();
        },
        () -> {
          master.ended(false);
          finish(channel.file(this));
        },
        () -> {
          master.ended(true);
          unreadable();
        });
  }
}
