// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.Errno;

/**
 * What a target says of a command that it did not carry out: a sense key, and an additional sense
 * code with its qualifier as one number.
 *
 * @see "SPC-4, 4.5 Sense data"
 */
final class Sense {
  static final int NOT_READY = 2;
  static final int ILLEGAL_REQUEST = 5;
  static final int UNIT_ATTENTION = 6;
  static final int DATA_PROTECT = 7;
  static final int ABORTED_COMMAND = 0xb;

  private static final int BECOMING_READY = 0x0401;
  private static final int INVALID_OPERATION_CODE = 0x2000;
  private static final int LBA_OUT_OF_RANGE = 0x2100;
  private static final int INVALID_FIELD_IN_CDB = 0x2400;
  private static final int LUN_NOT_SUPPORTED = 0x2500;
  private static final int PARAMETER_LIST_LENGTH_ERROR = 0x1a00;
  private static final int INVALID_FIELD_IN_PARAMETER_LIST = 0x2600;
  private static final int SPACE_ALLOCATION_FAILED = 0x2707;
  private static final int WRITE_PROTECTED = 0x27;
  private static final int MEDIUM_NOT_PRESENT = 0x3a;

  private Sense() {}

  /** Whether the target does not know the command, or not with these fields. */
  static boolean isUnsupported(int key, int code) {
    return key == ILLEGAL_REQUEST
        && (code == INVALID_OPERATION_CODE || code == INVALID_FIELD_IN_CDB);
  }

  /** What POSIX calls the failure. */
  static Errno errno(int key, int code) {
    return switch (key) {
      case UNIT_ATTENTION -> Errno.EAGAIN;
      case ABORTED_COMMAND -> Errno.ECANCELED;
      case NOT_READY, ILLEGAL_REQUEST, DATA_PROTECT -> ofCode(code);
      default -> Errno.EIO;
    };
  }

  private static Errno ofCode(int code) {
    switch (code) {
      case PARAMETER_LIST_LENGTH_ERROR,
          INVALID_OPERATION_CODE,
          INVALID_FIELD_IN_CDB,
          INVALID_FIELD_IN_PARAMETER_LIST -> {
        return Errno.EINVAL;
      }
      case LBA_OUT_OF_RANGE, SPACE_ALLOCATION_FAILED -> {
        return Errno.ENOSPC;
      }
      case LUN_NOT_SUPPORTED -> {
        return Errno.EOPNOTSUPP;
      }
      case BECOMING_READY -> {
        return Errno.EINPROGRESS;
      }
      default -> {
        return switch (code >> 8) {
          case WRITE_PROTECTED -> Errno.EACCES;
          case MEDIUM_NOT_PRESENT -> Errno.ENOMEDIUM;
          default -> Errno.EIO;
        };
      }
    }
  }
}
