// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.BlockException;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.scsi.MultimediaDrive.Carrier;
import dev.strata.system.state.StateFields;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A CD or DVD drive, perhaps with a medium.
 *
 * @see "MultiMedia Commands - 6"
 */
public final class ScsiCd extends LogicalUnit implements ModeParameters.Pages {
  private static final int WRITE_CACHE = 4;
  private static final int SPEED = 50 * 176; // kB/s
  private static final int WRITE_SPEED = 16 * 176;

  private final MultimediaDrive media; // guarded by itself
  private final ModeParameters mode = new ModeParameters(this);

  /** A drive. */
  public ScsiCd(GuestDrive drive, ScsiIdentity identity) {
    super(
        drive,
        new InquiryData(5, identity, MultimediaDrive.SECTOR, pages(identity)),
        MultimediaDrive.SECTOR);
    media = new MultimediaDrive(drive, Carrier.SCSI);
  }

  private static int[] pages(ScsiIdentity identity) {
    return identity.serial().isEmpty() ? new int[] {0, 0x83} : new int[] {0, 0x80, 0x83};
  }

  @Override
  boolean isRemovable() {
    return true;
  }

  @Override
  boolean hasMedium() {
    return media.hasMedium();
  }

  @Override
  long blocks() {
    return media.sectors();
  }

  @Override
  void resetState() {
    drive().slot().lock(false);
  }

  @Override
  public void mediumChanged() {
    synchronized (media) {
      media.mediumChanged();
    }
    attend(Sense.MEDIUM_GONE);
  }

  /** Who has heard that the medium is gone hears that there is another. */
  @Override
  int afterAttention(int heard) {
    return heard == Sense.MEDIUM_GONE && hasMedium() ? Sense.MEDIUM_CHANGED : Sense.NONE;
  }

  @Override
  public void ejectRequested(boolean forced) {
    synchronized (media) {
      media.ejectRequested(forced);
    }
  }

  @Override
  void command(ScsiRequest request) throws BlockException {
    CommandBlock command = request.command();
    switch (command.operation()) {
      case Operation.RESERVE_6, Operation.RELEASE_6, Operation.RESERVE_10, Operation.RELEASE_10 -> {
        // There is one host.
      }
      case Operation.START_STOP_UNIT -> {
        boolean there = hasMedium();
        if (!media.startOrStop(command)) {
          request.fail(there ? Sense.LOCKED : Sense.LOCKED_WITHOUT_MEDIUM);
        }
      }
      case Operation.PREVENT_ALLOW_MEDIUM_REMOVAL -> media.preventRemoval(command);
      case Operation.GET_CONFIGURATION ->
          answer(request, media.configuration(command), command.u16(7));
      case Operation.GET_EVENT_STATUS_NOTIFICATION -> {
        synchronized (media) {
          answer(request, media.eventStatus(command), command.u16(7));
        }
      }
      case Operation.MECHANISM_STATUS ->
          answer(request, MultimediaDrive.mechanismStatus(), command.u16(8));
      case Operation.MODE_SENSE_6, Operation.MODE_SENSE_10 ->
          mode.sense(request, -1, MultimediaDrive.SECTOR, 0);
      default -> {
        if (!isOfMedium(command.operation())) {
          request.fail(Sense.UNKNOWN_COMMAND);
        } else if (!hasMedium()) {
          request.fail(Sense.NO_MEDIUM);
        } else {
          ofMedium(request);
        }
      }
    }
  }

  private static boolean isOfMedium(int operation) {
    return switch (operation) {
      case Operation.TEST_UNIT_READY,
          Operation.READ_6,
          Operation.READ_10,
          Operation.READ_12,
          Operation.READ_16,
          Operation.READ_CAPACITY_10,
          Operation.SERVICE_ACTION_IN_16,
          Operation.SEEK_10,
          Operation.VERIFY_10,
          Operation.VERIFY_12,
          Operation.VERIFY_16,
          Operation.SYNCHRONIZE_CACHE_10,
          Operation.SYNCHRONIZE_CACHE_16,
          Operation.READ_TOC,
          Operation.READ_DISC_INFORMATION,
          Operation.MODE_SELECT_6,
          Operation.MODE_SELECT_10,
          Operation.WRITE_6,
          Operation.WRITE_10,
          Operation.WRITE_12,
          Operation.WRITE_16,
          Operation.WRITE_AND_VERIFY_10,
          Operation.WRITE_AND_VERIFY_12,
          Operation.WRITE_AND_VERIFY_16,
          Operation.WRITE_SAME_10,
          Operation.WRITE_SAME_16,
          Operation.UNMAP ->
          true;
      default -> false;
    };
  }

  private void ofMedium(ScsiRequest request) throws BlockException {
    CommandBlock command = request.command();
    switch (command.operation()) {
      case Operation.TEST_UNIT_READY,
          Operation.SYNCHRONIZE_CACHE_10,
          Operation.SYNCHRONIZE_CACHE_16 -> {
        // Nothing is written.
      }
      case Operation.READ_6, Operation.READ_10, Operation.READ_12, Operation.READ_16 ->
          read(request);
      case Operation.READ_CAPACITY_10 -> readCapacity(request);
      case Operation.SERVICE_ACTION_IN_16 -> readCapacity16(request);
      case Operation.SEEK_10 -> {
        boolean unused = isOnMedium(request, command.firstBlock(), 1, Access.READ);
      }
      case Operation.VERIFY_10, Operation.VERIFY_12, Operation.VERIFY_16 -> {
        boolean unused = isOnMedium(request, command.firstBlock(), command.blocks(), Access.READ);
      }
      case Operation.READ_TOC -> answer(request, media.contents(command), command.u16(7));
      case Operation.READ_DISC_INFORMATION ->
          answer(request, MultimediaDrive.discInformation(), command.u16(7));
      case Operation.MODE_SELECT_6, Operation.MODE_SELECT_10 -> mode.select(request);
      default -> request.fail(Sense.WRITE_PROTECTED);
    }
  }

  private static void answer(ScsiRequest request, byte @Nullable [] bytes, int allocation) {
    if (bytes == null) {
      request.fail(Sense.INVALID_FIELD);
    } else {
      request.reply(bytes, allocation);
    }
  }

  // Mode pages

  @Override
  public int[] numbers() {
    return new int[] {0x01, 0x08, 0x0e, 0x2a};
  }

  @Override
  public byte[] page(int number, boolean changeable) {
    int length =
        switch (number) {
          case 0x01 -> 10;
          case 0x0e -> 14;
          case 0x2a -> 20;
          default -> 18;
        };
    var all = ByteBuffer.allocate(2 + length);
    all.put((byte) number).put((byte) length);
    if (number == 0x08) {
      all.put((byte) WRITE_CACHE);
    }
    if (changeable) {
      return all.array();
    }
    switch (number) {
      case 0x01 -> all.put((byte) 0x80).put((byte) 0x20); // as often as it takes to read
      case 0x2a -> capabilities(all);
      default -> {}
    }
    return all.array();
  }

  private void capabilities(ByteBuffer all) {
    all.put(2, (byte) 0x3b); // reads CD-R, CD-RW, method 2; DVD-ROM, DVD-R, DVD-RAM
    all.put(4, (byte) 0x7f); // audio, ports, mode 2 forms 1 and 2, sessions
    all.put(5, (byte) 0xff); // all that is told of audio
    all.put(6, (byte) (0x2d | (drive().slot().isLocked() ? 2 : 0))); // a tray, which can be locked
    all.putShort(8, (short) SPEED);
    all.putShort(10, (short) 2); // levels of volume
    all.putShort(12, (short) 2048); // KiB of buffer
    all.putShort(14, (short) WRITE_SPEED);
    all.putShort(18, (short) WRITE_SPEED);
    all.putShort(20, (short) WRITE_SPEED);
  }

  @Override
  public void changed(int number, byte[] page) {
    // A cache of what is never written may be on or off.
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    super.state(state);
    synchronized (media) {
      media.state(state);
    }
  }
}
