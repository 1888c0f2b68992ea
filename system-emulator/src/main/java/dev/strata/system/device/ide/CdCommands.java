// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import java.util.Arrays;

/**
 * What a CD or DVD drive's packets mean: the drive as software sees it, with or without a medium.
 * The channel locks.
 *
 * @see "MultiMedia Commands - 3; SCSI Primary Commands - 2"
 */
final class CdCommands {
  static final int SECTOR = 2048;

  private static final int NOT_READY = 2; // sense keys
  private static final int UNREADABLE = 3;
  private static final int ILLEGAL = 5;
  private static final int ATTENTION = 6;

  private static final int READ_FAILED = 0x1100; // additional sense codes, with their qualifiers
  private static final int UNKNOWN_COMMAND = 0x2000;
  private static final int OUT_OF_RANGE = 0x2100;
  private static final int INVALID_FIELD = 0x2400;
  private static final int MEDIUM_CHANGED = 0x2800;
  private static final int NO_SAVED_PAGES = 0x3900;
  private static final int NO_MEDIUM = 0x3a00;
  private static final int LOCKED = 0x5300;

  /** More than any CD has: 80 minutes. A larger medium is a DVD. */
  private static final int CD_SECTORS = 80 * 60 * 75;

  private static final int CD_PROFILE = 8;
  private static final int DVD_PROFILE = 0x10;
  private static final int NEW_MEDIUM = 2; // events
  private static final int EJECT_REQUEST = 1;
  private static final int LEAD_OUT = 0xaa;
  private static final int DATA_TRACK = 0x14;

  /** How a command goes. */
  sealed interface Outcome {}

  /** It is over. */
  record Done() implements Outcome {}

  /** It failed; {@link #senseKey} has the reason. */
  record Failed() implements Outcome {}

  /** It is not looked at, for the host has yet to hear of something by REQUEST SENSE. */
  record Unheard() implements Outcome {}

  /** These bytes are the answer, cut to what was asked for. */
  record Reply(byte[] bytes) implements Outcome {}

  /** These sectors are, all of which are on the medium. */
  record Sectors(long first, int count) implements Outcome {}

  private static final Outcome DONE = new Done();
  private static final Outcome FAILED = new Failed();

  private static final Outcome UNHEARD = new Unheard();

  /** How much of a change of the medium the host has seen. */
  private enum Change {
    NONE,
    /** There was none for a moment, which hosts that ask now and then shall see. */
    BETWEEN,
    /** There is another. */
    NEW
  }

  private final GuestDrive drive;
  private Change change = Change.NONE;
  private boolean tellNew; // as an event
  private boolean tellEject;
  private int key;
  private int code;

  /** A drive, perhaps with a medium. */
  CdCommands(GuestDrive drive) {
    this.drive = drive;
  }

  void reset() {
    drive.slot().lock(false);
    change = Change.NONE;
    key = 0;
    code = 0;
  }

  /** Another medium is in the tray, or none, or it has been closed. */
  void mediumChanged() {
    change = Change.BETWEEN;
    tellNew = true;
    tellEject = false;
  }

  /** Somebody wants the medium out. */
  void ejectRequested(boolean forced) {
    tellEject = true;
    if (forced) {
      drive.slot().lock(false);
    }
  }

  int senseKey() {
    return key;
  }

  /** The medium could not be read. */
  void unreadable() {
    failed(UNREADABLE, READ_FAILED);
  }

  private Outcome failed(int senseKey, int senseCode) {
    key = senseKey;
    code = senseCode;
    return FAILED;
  }

  private Outcome invalid() {
    return failed(ILLEGAL, INVALID_FIELD);
  }

  private boolean isOpen() {
    return drive.slot().isOpen();
  }

  /** Whether there is a medium that can be read. */
  private boolean hasMedium() {
    return !isOpen() && drive.medium() != null;
  }

  /** Of the medium; 0 without one. */
  private long sectors() {
    return isOpen() ? 0 : Math.min(drive.length() / SECTOR, 0xffffffffL);
  }

  private static int u16(int[] packet, int at) {
    return packet[at] << 8 | packet[at + 1];
  }

  private static long u32(int[] packet, int at) {
    return (long) u16(packet, at) << 16 | u16(packet, at + 2);
  }

  private static void put16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >> 8);
    bytes[at + 1] = (byte) value;
  }

  private static void put32(byte[] bytes, int at, long value) {
    put16(bytes, at, (int) (value >> 16));
    put16(bytes, at + 2, (int) value);
  }

  private static Outcome reply(byte[] bytes, int asked) {
    return new Reply(asked < bytes.length ? Arrays.copyOf(bytes, asked) : bytes);
  }

  /** Runs a packet of 12 bytes. */
  Outcome run(int[] packet) {
    // REQUEST SENSE, INQUIRY, GET CONFIGURATION and GET EVENT STATUS NOTIFICATION can always be
    // asked.
    boolean always =
        switch (packet[0]) {
          case 0x03, 0x12, 0x46, 0x4a -> true;
          default -> false;
        };
    if (!always && key == ATTENTION) {
      return UNHEARD;
    }
    if (!always && change == Change.BETWEEN && hasMedium()) {
      change = Change.NEW;
      return failed(NOT_READY, NO_MEDIUM);
    }
    if (!always && change == Change.NEW) {
      change = Change.NONE;
      return failed(ATTENTION, MEDIUM_CHANGED);
    }
    return ofAny(packet);
  }

  private Outcome ofAny(int[] packet) {
    switch (packet[0]) {
      case 0x03 -> {
        return requestSense(packet[4]);
      }
      case 0x12 -> {
        return inquiry(packet);
      }
      case 0x1b -> {
        return startOrStop(packet[4]);
      }
      case 0x1e -> {
        drive.slot().lock((packet[4] & 1) != 0);
        return DONE;
      }
      case 0x46 -> {
        return configuration(packet);
      }
      case 0x4a -> {
        return eventStatus(packet);
      }
      case 0x5a -> {
        return modeSense(packet);
      }
      case 0xbb -> { // the speed
        return DONE;
      }
      case 0xbd -> {
        var status = new byte[8];
        status[5] = 1;
        return reply(status, u16(packet, 8));
      }
      case 0x00, 0x25, 0x28, 0x2b, 0x43, 0x51, 0xa8, 0xbe -> {
        return hasMedium() ? ofMedium(packet) : failed(NOT_READY, NO_MEDIUM);
      }
      default -> {
        return failed(ILLEGAL, UNKNOWN_COMMAND);
      }
    }
  }

  private Outcome ofMedium(int[] packet) {
    switch (packet[0]) {
      case 0x25 -> {
        var capacity = new byte[8];
        put32(capacity, 0, sectors() - 1);
        put32(capacity, 4, SECTOR);
        return reply(capacity, 8);
      }
      case 0x28 -> {
        return read(u32(packet, 2), u16(packet, 7));
      }
      case 0xa8 -> {
        return read(u32(packet, 2), u32(packet, 6));
      }
      case 0xbe -> {
        int parts = packet[9] & 0xf8;
        // User data alone, of sectors that have nothing else.
        return parts == 0
            ? DONE
            : parts == 0x10 ? read(u32(packet, 2), packet[6] << 16 | u16(packet, 7)) : invalid();
      }
      case 0x2b -> {
        return u32(packet, 2) >= sectors() ? failed(ILLEGAL, OUT_OF_RANGE) : DONE;
      }
      case 0x43 -> {
        return contents(packet);
      }
      case 0x51 -> {
        return discInformation(packet);
      }
      default -> { // TEST UNIT READY
        return DONE;
      }
    }
  }

  private Outcome read(long first, long count) {
    if (first + count > sectors()) {
      drive.invalid(Access.READ);
      return failed(ILLEGAL, OUT_OF_RANGE);
    }
    return count == 0 ? DONE : new Sectors(first, Math.toIntExact(count));
  }

  private Outcome requestSense(int asked) {
    var sense = new byte[18];
    sense[0] = (byte) 0xf0; // of this command, fixed format, valid
    sense[2] = (byte) key;
    sense[7] = 10;
    put16(sense, 12, code);
    code = key == ATTENTION ? code : 0;
    key = 0;
    return reply(sense, asked);
  }

  private Outcome inquiry(int[] packet) {
    if ((packet[1] & 1) != 0 || packet[2] != 0) {
      return invalid(); // no pages of product data
    }
    var answer = new byte[36];
    answer[0] = 5; // a CD drive
    answer[1] = (byte) 0x80; // whose medium can be taken out
    answer[3] = 0x21;
    answer[4] = 31;
    byte[] names = "QEMU    QEMU DVD-ROM    2.5+".getBytes(US_ASCII);
    System.arraycopy(names, 0, answer, 8, names.length);
    return reply(answer, u16(packet, 3));
  }

  private Outcome startOrStop(int what) {
    boolean tray = (what & 0xf2) == 2;
    if (tray && (what & 1) == 0) {
      if (drive.slot().isLocked()) {
        return failed(hasMedium() ? NOT_READY : ILLEGAL, LOCKED);
      }
      drive.moveTray(true);
    } else if (tray) {
      drive.moveTray(false);
    }
    return DONE;
  }

  private int profile() {
    long sectors = sectors();
    return sectors == 0 ? 0 : sectors > CD_SECTORS ? DVD_PROFILE : CD_PROFILE;
  }

  private Outcome configuration(int[] packet) {
    int which = packet[1] & 3; // all, current ones, one
    int from = u16(packet, 2);
    if (which == 3) {
      return invalid();
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
    if (which == 2 ? from == 1 : from <= 1) { // the core: ATAPI
      at = feature(all, at, 1, 0xb, 8);
      put32(all, at - 8, 2);
      all[at - 4] = 1;
    }
    if (which == 2 ? from == 3 : from <= 3) { // a tray, which can be locked and opened
      at = feature(all, at, 3, 3, 4);
      all[at - 4] = 0x39;
    }
    put32(all, 0, at - 4);
    return reply(Arrays.copyOf(all, at), u16(packet, 7));
  }

  private static int feature(byte[] all, int at, int number, int flags, int length) {
    put16(all, at, number);
    all[at + 2] = (byte) flags;
    all[at + 3] = (byte) length;
    return at + 4 + length;
  }

  private Outcome eventStatus(int[] packet) {
    if ((packet[1] & 1) == 0) {
      return invalid(); // it cannot wait for an event
    }
    boolean media = (packet[4] & 0x10) != 0;
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
    return reply(answer, u16(packet, 7));
  }

  private Outcome modeSense(int[] packet) {
    int page = packet[2] & 0x3f;
    int kind = packet[2] >> 6; // current values, changeable ones, defaults, saved ones
    if (kind == 3) {
      return failed(ILLEGAL, NO_SAVED_PAGES);
    }
    if (page != 0x01 && page != 0x2a && page != 0x3f) {
      return invalid();
    }
    var all = new byte[8 + 8 + 22];
    int at = 8;
    all[2] = (byte) (hasMedium() ? 1 : 0x70);
    if (page != 0x2a) { // error recovery: five times
      all[at] = 1;
      all[at + 1] = 6;
      all[at + 3] = (byte) (kind == 1 ? 0 : 5);
      at += 8;
    }
    if (page != 0x01) {
      all[at] = 0x2a;
      all[at + 1] = 20;
      if (kind != 1) {
        capabilities(all, at);
      }
      at += 22;
    }
    put16(all, 0, at - 2);
    return reply(Arrays.copyOf(all, at), u16(packet, 7));
  }

  private void capabilities(byte[] all, int at) {
    all[at + 2] = 0x3b; // reads CD-R, CD-RW, method 2; DVD-ROM, DVD-R, DVD-RAM
    all[at + 4] = 0x70; // mode 2 forms 1 and 2, sessions
    all[at + 6] =
        (byte) (drive.slot().isLocked() ? 0x2b : 0x29); // a tray that can be locked and opened
    put16(all, at + 8, 706); // kB/s
    put16(all, at + 10, 2);
    put16(all, at + 12, 512); // KiB of buffer
    put16(all, at + 14, 706);
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

  private Outcome contents(int[] packet) {
    int format = (packet[2] & 15) == 0 ? packet[9] >> 6 : packet[2] & 15;
    boolean asTime = (packet[1] & 2) != 0;
    int start = packet[6];
    int asked = u16(packet, 7);
    return switch (format) {
      case 0 -> {
        if (start > 1 && start != LEAD_OUT) {
          yield invalid();
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
        yield reply(tracks, asked);
      }
      case 1 -> {
        var sessions = new byte[12];
        sessions[1] = 10;
        sessions[2] = 1;
        sessions[3] = 1;
        sessions[5] = DATA_TRACK;
        sessions[6] = 1;
        position(sessions, 8, 0, asTime);
        yield reply(sessions, asked);
      }
      case 2 -> {
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
        yield reply(points, asked);
      }
      default -> invalid();
    };
  }

  private static Outcome discInformation(int[] packet) {
    var answer = new byte[34];
    answer[1] = 32;
    answer[2] = 0x0e; // finished, and so is its last session
    answer[3] = 1;
    answer[4] = 1;
    answer[5] = 1;
    answer[6] = 1;
    answer[7] = 0x20; // for any use
    return reply(answer, u16(packet, 7));
  }
}
