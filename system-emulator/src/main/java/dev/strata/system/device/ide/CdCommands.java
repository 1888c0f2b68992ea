// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.graph.BlockBackend;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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

  private static final int READ_FAILED = 0x1100; // additional sense codes, with their qualifiers
  private static final int UNKNOWN_COMMAND = 0x2000;
  private static final int OUT_OF_RANGE = 0x2100;
  private static final int INVALID_FIELD = 0x2400;
  private static final int NO_SAVED_PAGES = 0x3900;
  private static final int NO_MEDIUM = 0x3a00;
  private static final int TRAY_OPEN = 0x3a02;
  private static final int LOCKED = 0x5302;

  /** More than any CD has: 80 minutes. A larger medium is a DVD. */
  private static final int CD_SECTORS = 80 * 60 * 75;

  private static final int CD_PROFILE = 8;
  private static final int DVD_PROFILE = 0x10;
  private static final int LEAD_OUT = 0xaa;
  private static final int DATA_TRACK = 0x14;

  /** How a command goes. */
  sealed interface Outcome {}

  /** It is over. */
  record Done() implements Outcome {}

  /** It failed; {@link #senseKey} has the reason. */
  record Failed() implements Outcome {}

  /** These bytes are the answer, cut to what was asked for. */
  record Reply(byte[] bytes) implements Outcome {}

  /** These sectors are, all of which are on the medium. */
  record Sectors(BlockBackend medium, long first, int count) implements Outcome {}

  private static final Outcome DONE = new Done();
  private static final Outcome FAILED = new Failed();

  private final @Nullable BlockBackend inside; // be the tray open or not
  private boolean open;
  private boolean locked;
  private int key;
  private int code;

  /** A drive, perhaps with a medium. */
  CdCommands(@Nullable BlockBackend medium) {
    inside = medium;
  }

  void reset() {
    locked = false;
    key = 0;
    code = 0;
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

  private @Nullable BlockBackend medium() {
    return open ? null : inside;
  }

  /** Of the medium; 0 without one. */
  private long sectors() {
    BlockBackend medium = medium();
    return medium == null ? 0 : Math.min(medium.length() / SECTOR, 0xffffffffL);
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
        locked = (packet[4] & 1) != 0;
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
        BlockBackend medium = medium();
        return medium == null
            ? failed(NOT_READY, open ? TRAY_OPEN : NO_MEDIUM)
            : ofMedium(packet, medium);
      }
      default -> {
        return failed(ILLEGAL, UNKNOWN_COMMAND);
      }
    }
  }

  private Outcome ofMedium(int[] packet, BlockBackend medium) {
    switch (packet[0]) {
      case 0x25 -> {
        var capacity = new byte[8];
        put32(capacity, 0, sectors() - 1);
        put32(capacity, 4, SECTOR);
        return reply(capacity, 8);
      }
      case 0x28 -> {
        return read(medium, u32(packet, 2), u16(packet, 7));
      }
      case 0xa8 -> {
        return read(medium, u32(packet, 2), u32(packet, 6));
      }
      case 0xbe -> {
        int parts = packet[9] & 0xf8;
        // User data alone, of sectors that have nothing else.
        return parts == 0
            ? DONE
            : parts == 0x10
                ? read(medium, u32(packet, 2), packet[6] << 16 | u16(packet, 7))
                : invalid();
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

  private Outcome read(BlockBackend medium, long first, long count) {
    if (first + count > sectors()) {
      return failed(ILLEGAL, OUT_OF_RANGE);
    }
    return count == 0 ? DONE : new Sectors(medium, first, Math.toIntExact(count));
  }

  private Outcome requestSense(int asked) {
    var sense = new byte[18];
    sense[0] = 0x70; // of this command, fixed format
    sense[2] = (byte) key;
    sense[7] = 10;
    put16(sense, 12, code);
    key = 0;
    code = 0;
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
      if (locked) {
        return failed(medium() == null ? NOT_READY : ILLEGAL, LOCKED);
      }
      open = true;
    } else if (tray) {
      open = false;
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
    put16(answer, 0, answer.length - 2);
    answer[2] = (byte) (media ? 4 : 0x80);
    answer[3] = 0x10;
    if (media) {
      answer[5] = (byte) (open ? 1 : inside == null ? 0 : 2);
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
    all[2] = (byte) (medium() == null ? 0x70 : 1);
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
    all[at + 6] = (byte) (locked ? 0x2b : 0x29); // a tray that can be locked and opened
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
