// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

/**
 * How a command ended: what the target said, and what the library adds.
 *
 * @see "SAM-5, 5.3.1 Status codes"
 * @see "libiscsi, iscsi/iscsi.h, enum scsi_status"
 */
final class ScsiStatus {
  static final int GOOD = 0;
  static final int CHECK_CONDITION = 2;
  static final int BUSY = 8;
  static final int RESERVATION_CONFLICT = 0x18;
  static final int TASK_SET_FULL = 0x28;

  /** Given up by the library, as when the session ends. */
  static final int CANCELLED = 0x0f000000;

  static final int ERROR = 0x0f000001;
  static final int TIMEOUT = 0x0f000002;

  private ScsiStatus() {}

  /** Whether the target may take the same command a little later. */
  static boolean isTransient(int status) {
    return status == BUSY || status == TASK_SET_FULL || status == TIMEOUT;
  }
}
