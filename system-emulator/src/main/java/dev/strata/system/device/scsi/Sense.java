// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.BlockException;
import java.util.Arrays;

/**
 * Why a command failed, or what there is to say before one: sense key, additional sense code and
 * its qualifier, as one number of three bytes.
 *
 * @see "SCSI Primary Commands - 3, 4.5 Sense data"
 */
public final class Sense {
  /** Nothing to be said. */
  public static final int NONE = 0;

  static final int NO_MEDIUM = 0x023a00;
  static final int LOCKED_WITHOUT_MEDIUM = 0x025302;
  static final int TARGET_FAILURE = 0x044400;
  static final int PARAMETER_LIST_LENGTH = 0x051a00;
  static final int UNKNOWN_COMMAND = 0x052000;
  static final int OUT_OF_RANGE = 0x052100;
  static final int INVALID_FIELD = 0x052400;
  static final int NO_SUCH_UNIT = 0x052500;
  static final int INVALID_PARAMETER = 0x052600;
  static final int NO_SAVED_PAGES = 0x053900;
  static final int LOCKED = 0x055302;
  static final int MEDIUM_CHANGED = 0x062800;

  /** Power on, or reset. */
  static final int RESET = 0x062900;

  static final int CAPACITY_CHANGED = 0x062a09;
  static final int MEDIUM_GONE = 0x063a00;
  static final int WRITE_PROTECTED = 0x072700;
  static final int NO_SPACE = 0x072707;
  static final int ABORTED = 0x0b0006;

  /** The bytes of sense data in the fixed format. */
  public static final int FIXED_BYTES = 18;

  private static final int DESCRIPTOR_BYTES = 8;
  private static final int FIXED = 0x70; // of the present command
  private static final int DESCRIPTORS = 0x72;

  private Sense() {}

  /** What a failure of the medium is to the guest. */
  static int of(BlockException failure) {
    return switch (failure.errno()) {
      case ENOMEDIUM -> NO_MEDIUM;
      case ENOMEM -> TARGET_FAILURE;
      case EINVAL -> INVALID_FIELD;
      case ENOSPC -> NO_SPACE;
      default -> ABORTED;
    };
  }

  /** Additional sense code and qualifier, the qualifier in the upper byte. */
  public static int reason(int sense) {
    return (sense >> 8 & 0xff) | (sense & 0xff) << 8;
  }

  /** Writes sense data in the fixed format, {@value #FIXED_BYTES} bytes. */
  public static void write(int sense, byte[] into, int at) {
    Arrays.fill(into, at, at + FIXED_BYTES, (byte) 0);
    into[at] = FIXED;
    into[at + 2] = (byte) (sense >> 16);
    into[at + 7] = FIXED_BYTES - 8;
    into[at + 12] = (byte) (sense >> 8);
    into[at + 13] = (byte) sense;
  }

  static byte[] bytes(int sense, boolean descriptors) {
    if (!descriptors) {
      var all = new byte[FIXED_BYTES];
      write(sense, all, 0);
      return all;
    }
    var all = new byte[DESCRIPTOR_BYTES];
    all[0] = DESCRIPTORS;
    all[1] = (byte) (sense >> 16);
    all[2] = (byte) (sense >> 8);
    all[3] = (byte) sense;
    return all;
  }
}
