// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * MODE SENSE and MODE SELECT of both lengths.
 *
 * @see "SCSI Primary Commands - 3, 6.7 to 6.10, 7.4 Mode parameters"
 */
final class ModeParameters {
  private static final int ALL = 0x3f; // of pages
  private static final int CHANGEABLE = 1; // page control
  private static final int SAVED = 3;
  private static final int WITHOUT_DESCRIPTOR = 8; // of a command's second byte
  private static final int PAGE_FORMAT = 0x10;
  private static final int SAVE_PAGES = 1;
  private static final int DESCRIPTOR = 8; // bytes

  /** A unit's pages. */
  interface Pages {
    /** Their numbers, in the order in which they are sent. */
    int[] numbers();

    /**
     * A page, with its header.
     *
     * @param number one that there is
     * @param changeable whether the bits are wanted that can be changed, not their values
     */
    byte[] page(int number, boolean changeable);

    /** The host has changed a page, in nothing but what can be changed. */
    void changed(int number, byte[] page);
  }

  private final Pages pages;

  ModeParameters(Pages pages) {
    this.pages = pages;
  }

  private boolean has(int number) {
    return Arrays.stream(pages.numbers()).anyMatch(each -> each == number);
  }

  /**
   * Answers MODE SENSE.
   *
   * @param blocks of the medium; negative if the unit has no block descriptor
   * @param deviceSpecific the header's byte of that name
   */
  void sense(ScsiRequest request, long blocks, int blockBytes, int deviceSpecific) {
    CommandBlock command = request.command();
    boolean wide = command.operation() == Operation.MODE_SENSE_10;
    int number = command.u8(2) & ALL;
    int control = command.u8(2) >> 6;
    if (control == SAVED) {
      request.fail(Sense.NO_SAVED_PAGES);
      return;
    }
    if (number != ALL && !has(number)) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    boolean described = blocks >= 0 && !command.has(1, WITHOUT_DESCRIPTOR);
    int header = wide ? 8 : 4;
    var all = ByteBuffer.allocate(256);
    all.position(header);
    if (described) {
      // The number of blocks has 24 bits; 0 says that it does not fit.
      all.putInt(blocks > 0xffffff ? 0 : (int) blocks).putInt(blockBytes);
    }
    for (int each : pages.numbers()) {
      if (number == ALL || number == each) {
        all.put(pages.page(each, control == CHANGEABLE));
      }
    }
    int length = all.position();
    if (wide) {
      all.putShort(0, (short) (length - 2));
      all.put(3, (byte) deviceSpecific);
      all.put(7, (byte) (described ? DESCRIPTOR : 0));
    } else {
      all.put(0, (byte) (length - 1));
      all.put(2, (byte) deviceSpecific);
      all.put(3, (byte) (described ? DESCRIPTOR : 0));
    }
    request.reply(Arrays.copyOf(all.array(), length), wide ? command.u16(7) : command.u8(4));
  }

  /** Carries MODE SELECT out, all of it or nothing. */
  void select(ScsiRequest request) {
    CommandBlock command = request.command();
    boolean wide = command.operation() == Operation.MODE_SELECT_10;
    int length = wide ? command.u16(7) : command.u8(4);
    if (length == 0) {
      return;
    }
    if (!command.has(1, PAGE_FORMAT) || command.has(1, SAVE_PAGES)) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    IoVector given = request.given(length);
    if (!request.isGood()) {
      return;
    }
    var bytes = new byte[length];
    given.copyTo(0, MemorySegment.ofArray(bytes));
    request.taken(length);
    int header = wide ? 8 : 4;
    if (length < header) {
      request.fail(Sense.PARAMETER_LIST_LENGTH);
      return;
    }
    int descriptor = wide ? (bytes[6] & 0xff) << 8 | (bytes[7] & 0xff) : bytes[3] & 0xff;
    if (descriptor > length - header) {
      request.fail(Sense.PARAMETER_LIST_LENGTH);
      return;
    }
    int first = header + descriptor;
    int wrong = take(bytes, first, false);
    if (wrong == Sense.NONE) {
      wrong = take(bytes, first, true);
    }
    if (wrong != Sense.NONE) {
      request.fail(wrong);
    }
  }

  /** Checks pages, or has them take effect. */
  private int take(byte[] bytes, int first, boolean effect) {
    int at = first;
    while (at < bytes.length) {
      if (bytes.length - at < 2) {
        return Sense.PARAMETER_LIST_LENGTH;
      }
      int number = bytes[at] & 0x7f;
      byte[] wanted = page(bytes, at);
      if (wanted == null) {
        return Sense.PARAMETER_LIST_LENGTH;
      }
      if (!has(number) || !isChange(number, wanted)) {
        return Sense.INVALID_PARAMETER;
      }
      if (effect) {
        pages.changed(number, wanted);
      }
      at += wanted.length;
    }
    return Sense.NONE;
  }

  private static byte @Nullable [] page(byte[] bytes, int at) {
    int end = at + 2 + (bytes[at + 1] & 0xff);
    return end > bytes.length ? null : Arrays.copyOfRange(bytes, at, end);
  }

  /** Whether a page differs from the present one in nothing but what can be changed. */
  private boolean isChange(int number, byte[] wanted) {
    byte[] now = pages.page(number, false);
    byte[] mask = pages.page(number, true);
    if (wanted.length != now.length) {
      return false;
    }
    boolean same = true;
    for (int at = 2; at < now.length; at++) {
      same &= ((wanted[at] ^ now[at]) & ~mask[at]) == 0;
    }
    return same;
  }
}
