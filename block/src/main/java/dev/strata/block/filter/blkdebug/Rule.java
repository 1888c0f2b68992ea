// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import dev.strata.block.DebugEvent;
import org.jspecify.annotations.Nullable;

/** What happens at an event. */
sealed interface Rule {
  /** When it applies. */
  DebugEvent event();

  /** The state in which it applies; 0 for any. */
  long state();

  /**
   * Requests fail from then on.
   *
   * @param type of the requests; null for all but block status
   * @param errno 0 lets the request through, past other rules
   * @param sector that a request has to touch to fail; -1 for any
   * @param once whether one request only
   */
  record InjectError(
      DebugEvent event, long state, @Nullable IoType type, long errno, long sector, boolean once)
      implements Rule {
    private static final int SECTOR_SIZE = 512;

    boolean matches(IoType request, long offset, long length) {
      if (type == null ? request == IoType.BLOCK_STATUS : type != request) {
        return false;
      }
      if (sector == -1) {
        return true;
      }
      // A sector that no offset can be in is touched by nobody.
      return sector >= 0
          && sector <= Long.MAX_VALUE / SECTOR_SIZE
          && sector * SECTOR_SIZE >= offset
          && sector * SECTOR_SIZE - offset < length;
    }
  }

  /** The engine goes to another state. */
  record SetState(DebugEvent event, long state, long newState) implements Rule {}
}
