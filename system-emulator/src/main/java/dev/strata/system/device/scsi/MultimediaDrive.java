// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import static dev.strata.system.device.scsi.BigEndian.put16;
import static dev.strata.system.device.scsi.BigEndian.put32;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a CD or DVD drive knows of its tray and its medium, whichever way commands come to it. Its
 * owner locks. Answers are null where a field of the command makes no sense.
 *
 * @see "MultiMedia Commands - 6"
 */
public final class MultimediaDrive {
  /** Bytes of a sector. */
  public static final int SECTOR = 2048;

  /** More than any CD has: 80 minutes. A larger medium is a DVD. */
  private static final int CD_SECTORS = 80 * 60 * 75;

  private static final int CD_PROFILE = 8;
  private static final int DVD_PROFILE = 0x10;
  private static final int NEW_MEDIUM = 2; // events
  private static final int EJECT_REQUEST = 1;
  private static final int LEAD_OUT = 0xaa;
  private static final int DATA_TRACK = 0x14;

  /** What carries commands. */
  public enum Carrier {
    /** A SCSI bus. */
    SCSI(1, 0xb),
    /** An IDE channel, as packets. */
    ATAPI(2, 3);

    private final int number;
    private final int removability; // the flags of the feature of that name

    Carrier(int number, int removability) {
      this.number = number;
      this.removability = removability;
    }
  }

  private final GuestDrive drive;
  private final Carrier carrier;
  private boolean tellNew; // as an event
  private boolean tellEject;

  /** A drive, perhaps with a medium. */
  public MultimediaDrive(GuestDrive drive, Carrier carrier) {
    this.drive = drive;
    this.carrier = carrier;
  }

  /** Another medium is in the tray, or none, or it has been closed. */
  public void mediumChanged() {
    tellNew = true;
    tellEject = false;
  }

  /** Somebody wants the medium out. */
  public void ejectRequested(boolean forced) {
    tellEject = true;
    if (forced) {
      drive.slot().lock(false);
    }
  }

  private boolean isOpen() {
    return drive.slot().isOpen();
  }

  /** Whether there is a medium that can be read. */
  public boolean hasMedium() {
    return !isOpen() && drive.medium() != null;
  }

  /** Of the medium; 0 without one. */
  public long sectors() {
    return isOpen() ? 0 : Math.min(drive.length() / SECTOR, 0xffffffffL);
  }

  /** Locks the tray, or lets it go, as the command says. */
  public void preventRemoval(CommandBlock command) {
    drive.slot().lock((command.u8(4) & 1) != 0);
  }

  /**
   * Moves the tray, if the command says so.
   *
   * @return false if it is locked
   */
  public boolean startOrStop(CommandBlock command) {
    int what = command.u8(4);
    boolean tray = (what & 0xf2) == 2;
    if (tray && (what & 1) == 0) {
      if (drive.slot().isLocked()) {
        return false;
      }
      drive.moveTray(true);
    } else if (tray) {
      drive.moveTray(false);
    }
    return true;
  }

  private int profile() {
    long sectors = sectors();
    return sectors == 0 ? 0 : sectors > CD_SECTORS ? DVD_PROFILE : CD_PROFILE;
  }

  /** What the drive can do. */
  public byte @Nullable [] configuration(CommandBlock command) {
    int which = command.u8(1) & 3; // all, current ones, one
    int from = command.u16(2);
    if (which == 3) {
      return null;
    }
    var all = new byte[40];
    int profile = profile();
    int at = 8;
    put16(all, 6, profile);
    if (from == 0) { // what kinds of medium there are
      at = feature(all, at, 0, 3, 8);
      put16(all, at - 8, DVD_PROFILE);
      all[at - 6] = (byte) (profile == DVD_PROFILE ? 1 : 0);
      put16(all, at - 4, CD_PROFILE);
      all[at - 2] = (byte) (profile == CD_PROFILE ? 1 : 0);
    }
    if (which == 2 ? from == 1 : from <= 1) { // the core
      at = feature(all, at, 1, 0xb, 8);
      put32(all, at - 8, carrier.number);
      all[at - 4] = 1;
    }
    if (which == 2 ? from == 3 : from <= 3) { // a tray, which can be locked and opened
      at = feature(all, at, 3, carrier.removability, 4);
      all[at - 4] = 0x39;
    }
    put32(all, 0, at - 4);
    return Arrays.copyOf(all, at);
  }

  private static int feature(byte[] all, int at, int number, int flags, int length) {
    put16(all, at, number);
    all[at + 2] = (byte) flags;
    all[at + 3] = (byte) length;
    return at + 4 + length;
  }

  /** What has happened since the host last asked. */
  public byte @Nullable [] eventStatus(CommandBlock command) {
    if ((command.u8(1) & 1) == 0) {
      return null; // it cannot wait for an event
    }
    boolean media = (command.u8(4) & 0x10) != 0;
    var answer = new byte[media ? 8 : 4];
    put16(answer, 0, answer.length - 4); // what follows the header
    answer[2] = (byte) (media ? 4 : 0x80);
    answer[3] = 0x10;
    if (media) {
      tellEject &= !isOpen(); // it has been heard
      answer[4] = (byte) (isOpen() ? 0 : tellNew ? NEW_MEDIUM : tellEject ? EJECT_REQUEST : 0);
      answer[5] = (byte) (isOpen() ? 1 : drive.medium() == null ? 0 : 2);
      tellEject &= tellNew; // one event at a time
      tellNew &= isOpen();
    }
    return answer;
  }

  /** What is in the drive's slots, and what it does. */
  public static byte[] mechanismStatus() {
    var status = new byte[8];
    status[5] = 1;
    return status;
  }

  private void position(byte[] bytes, int at, long sector, boolean asTime) {
    if (!asTime) {
      put32(bytes, at, sector);
      return;
    }
    long frames = sector + 150; // before the first sector are two seconds
    bytes[at + 1] = (byte) Math.min(frames / (60 * 75), 255);
    bytes[at + 2] = (byte) (frames / 75 % 60);
    bytes[at + 3] = (byte) (frames % 75);
  }

  /** The table of contents of a medium. */
  public byte @Nullable [] contents(CommandBlock command) {
    int wanted = command.u8(2) & 15;
    int format = wanted == 0 ? command.u8(9) >> 6 : wanted;
    boolean asTime = (command.u8(1) & 2) != 0;
    return switch (format) {
      case 0 -> tracks(command.u8(6), asTime);
      case 1 -> sessions(asTime);
      case 2 -> points(asTime);
      default -> null;
    };
  }

  private byte @Nullable [] tracks(int start, boolean asTime) {
    if (start > 1 && start != LEAD_OUT) {
      return null;
    }
    var tracks = new byte[start <= 1 ? 20 : 12];
    put16(tracks, 0, tracks.length - 2);
    tracks[2] = 1;
    tracks[3] = 1;
    int at = 4;
    if (start <= 1) {
      tracks[at + 1] = DATA_TRACK;
      tracks[at + 2] = 1;
      position(tracks, at + 4, 0, asTime);
      at += 8;
    }
    tracks[at + 1] = DATA_TRACK;
    tracks[at + 2] = (byte) LEAD_OUT;
    position(tracks, at + 4, sectors(), asTime);
    return tracks;
  }

  private byte[] sessions(boolean asTime) {
    var sessions = new byte[12];
    sessions[1] = 10;
    sessions[2] = 1;
    sessions[3] = 1;
    sessions[5] = DATA_TRACK;
    sessions[6] = 1;
    position(sessions, 8, 0, asTime);
    return sessions;
  }

  private byte[] points(boolean asTime) {
    var points = new byte[4 + 4 * 11];
    put16(points, 0, points.length - 2);
    points[2] = 1;
    points[3] = 1;
    // First track, last track, lead-out, and the track.
    int[] names = {0xa0, 0xa1, 0xa2, 1};
    for (int index = 0; index < 4; index++) {
      int at = 4 + 11 * index;
      points[at] = 1;
      points[at + 1] = DATA_TRACK;
      points[at + 3] = (byte) names[index];
      if (index < 2) {
        points[at + 8] = 1;
      } else {
        position(points, at + 7, index == 2 ? sectors() : 0, asTime);
      }
    }
    return points;
  }

  /** What kind of disc a medium is. */
  public static byte[] discInformation() {
    var answer = new byte[34];
    answer[1] = 32;
    answer[2] = 0x0e; // finished, and so is its last session
    answer[3] = 1;
    answer[4] = 1;
    answer[5] = 1;
    answer[6] = 1;
    answer[7] = 0x20; // for any use
    return answer;
  }

  /** The fields, the tray among them. */
  public void state(StateFields state) throws BlockException {
    tellNew = state.flag("new medium to be told", tellNew);
    tellEject = state.flag("ejection to be told", tellEject);
    boolean locked = state.flag("locked", drive.slot().isLocked());
    boolean open = state.flag("open", drive.slot().isOpen());
    if (state.isLoading()) {
      drive.slot().lock(locked);
      drive.moveTray(open);
    }
  }
}
