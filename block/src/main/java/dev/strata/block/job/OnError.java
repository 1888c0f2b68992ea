// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.Errno;

/**
 * What a user wants done about requests that fail, of a job or of a guest.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOnError"
 */
public enum OnError {
  REPORT,
  IGNORE,
  STOP,
  /** Stop if there is no space left, else report. */
  ENOSPC;

  /** What that comes to for a failure of that kind. */
  public ErrorAction actionFor(Errno errno) {
    return switch (this) {
      case REPORT -> ErrorAction.REPORT;
      case IGNORE -> ErrorAction.IGNORE;
      case STOP -> ErrorAction.STOP;
      case ENOSPC -> errno == Errno.ENOSPC ? ErrorAction.STOP : ErrorAction.REPORT;
    };
  }
}
