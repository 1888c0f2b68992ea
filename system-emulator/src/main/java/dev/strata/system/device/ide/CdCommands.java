// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import static dev.strata.system.device.scsi.BigEndian.put16;
import static dev.strata.system.device.scsi.BigEndian.put32;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.BlockException;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.scsi.CommandBlock;
import dev.strata.system.device.scsi.MultimediaDrive;
import dev.strata.system.device.scsi.MultimediaDrive.Carrier;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a CD or DVD drive's packets mean: the drive as software sees it, with or without a medium.
 * The channel locks.
 *
 * @see "MultiMedia Commands - 3; SCSI Primary Commands - 2"
 */
final class CdCommands {
  static final int SECTOR = MultimediaDrive.SECTOR;

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
  private final MultimediaDrive media;
  private Change change = Change.NONE;
  private int key;
  private int code;

  /** A drive, perhaps with a medium. */
  CdCommands(GuestDrive drive) {
    this.drive = drive;
    this.media = new MultimediaDrive(drive, Carrier.ATAPI);
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
    media.mediumChanged();
  }

  /** Somebody wants the medium out. */
  void ejectRequested(boolean forced) {
    media.ejectRequested(forced);
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

  private static Outcome reply(byte[] bytes, int asked) {
    return new Reply(asked < bytes.length ? Arrays.copyOf(bytes, asked) : bytes);
  }

  /** Runs a packet of 12 bytes. */
  Outcome run(CommandBlock packet) {
    // REQUEST SENSE, INQUIRY, GET CONFIGURATION and GET EVENT STATUS NOTIFICATION can always be
    // asked.
    boolean always =
        switch (packet.operation()) {
          case 0x03, 0x12, 0x46, 0x4a -> true;
          default -> false;
        };
    if (!always && key == ATTENTION) {
      return UNHEARD;
    }
    if (!always && change == Change.BETWEEN && media.hasMedium()) {
      change = Change.NEW;
      return failed(NOT_READY, NO_MEDIUM);
    }
    if (!always && change == Change.NEW) {
      change = Change.NONE;
      return failed(ATTENTION, MEDIUM_CHANGED);
    }
    return ofAny(packet);
  }

  private Outcome ofAny(CommandBlock packet) {
    switch (packet.operation()) {
      case 0x03 -> {
        return requestSense(packet.u8(4));
      }
      case 0x12 -> {
        return inquiry(packet);
      }
      case 0x1b -> {
        return startOrStop(packet);
      }
      case 0x1e -> {
        media.preventRemoval(packet);
        return DONE;
      }
      case 0x46 -> {
        return orInvalid(media.configuration(packet), packet.u16(7));
      }
      case 0x4a -> {
        return orInvalid(media.eventStatus(packet), packet.u16(7));
      }
      case 0x5a -> {
        return modeSense(packet);
      }
      case 0xbb -> { // the speed
        return DONE;
      }
      case 0xbd -> {
        return reply(MultimediaDrive.mechanismStatus(), packet.u16(8));
      }
      case 0x00, 0x25, 0x28, 0x2b, 0x43, 0x51, 0xa8, 0xbe -> {
        return media.hasMedium() ? ofMedium(packet) : failed(NOT_READY, NO_MEDIUM);
      }
      default -> {
        return failed(ILLEGAL, UNKNOWN_COMMAND);
      }
    }
  }

  private Outcome ofMedium(CommandBlock packet) {
    switch (packet.operation()) {
      case 0x25 -> {
        var capacity = new byte[8];
        put32(capacity, 0, media.sectors() - 1);
        put32(capacity, 4, SECTOR);
        return reply(capacity, 8);
      }
      case 0x28 -> {
        return read(packet.u32(2), packet.u16(7));
      }
      case 0xa8 -> {
        return read(packet.u32(2), packet.u32(6));
      }
      case 0xbe -> {
        int parts = packet.u8(9) & 0xf8;
        // User data alone, of sectors that have nothing else.
        return parts == 0
            ? DONE
            : parts == 0x10 ? read(packet.u32(2), packet.u8(6) << 16 | packet.u16(7)) : invalid();
      }
      case 0x2b -> {
        return packet.u32(2) >= media.sectors() ? failed(ILLEGAL, OUT_OF_RANGE) : DONE;
      }
      case 0x43 -> {
        return orInvalid(media.contents(packet), packet.u16(7));
      }
      case 0x51 -> {
        return reply(MultimediaDrive.discInformation(), packet.u16(7));
      }
      default -> { // TEST UNIT READY
        return DONE;
      }
    }
  }

  private Outcome read(long first, long count) {
    if (first + count > media.sectors()) {
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

  private Outcome inquiry(CommandBlock packet) {
    if ((packet.u8(1) & 1) != 0 || packet.u8(2) != 0) {
      return invalid(); // no pages of product data
    }
    var answer = new byte[36];
    answer[0] = 5; // a CD drive
    answer[1] = (byte) 0x80; // whose medium can be taken out
    answer[3] = 0x21;
    answer[4] = 31;
    byte[] names = "QEMU    QEMU DVD-ROM    2.5+".getBytes(US_ASCII);
    System.arraycopy(names, 0, answer, 8, names.length);
    return reply(answer, packet.u16(3));
  }

  private Outcome startOrStop(CommandBlock packet) {
    boolean there = media.hasMedium();
    return media.startOrStop(packet) ? DONE : failed(there ? NOT_READY : ILLEGAL, LOCKED);
  }

  /** The answer, unless the packet asks for what makes no sense. */
  private Outcome orInvalid(byte @Nullable [] answer, int asked) {
    return answer == null ? invalid() : reply(answer, asked);
  }

  private Outcome modeSense(CommandBlock packet) {
    int page = packet.u8(2) & 0x3f;
    int kind = packet.u8(2) >> 6; // current values, changeable ones, defaults, saved ones
    if (kind == 3) {
      return failed(ILLEGAL, NO_SAVED_PAGES);
    }
    if (page != 0x01 && page != 0x2a && page != 0x3f) {
      return invalid();
    }
    var all = new byte[8 + 8 + 22];
    int at = 8;
    all[2] = (byte) (media.hasMedium() ? 1 : 0x70);
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
    return reply(Arrays.copyOf(all, at), packet.u16(7));
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

  void state(StateFields state) throws BlockException {
    change = state.choice("change", change, Change.values());
    key = state.within("sense key", key, 0, 15);
    code = state.u16("sense code", code);
    media.state(state);
  }
}
