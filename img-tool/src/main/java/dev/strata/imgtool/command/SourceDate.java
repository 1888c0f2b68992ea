// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The environment's {@code SOURCE_DATE_EPOCH}: who sets it wants the same bytes from the same
 * input.
 *
 * @see "https://reproducible-builds.org/specs/source-date-epoch"
 */
final class SourceDate {
  private static final String NAME = "SOURCE_DATE_EPOCH";
  private static final long MAX_SECONDS = 0xffff_ffffL; // as images keep them

  private SourceDate() {}

  /** Whether results are to be reproducible. */
  static boolean isSet() {
    return System.getenv(NAME) != null;
  }

  /** The time that is written into images. */
  static Instant now() throws BlockException {
    return now(System.getenv(NAME));
  }

  /**
   * The time that is written into images.
   *
   * @param seconds since 1970 as the environment has them, or null for the clock's time
   */
  static Instant now(@Nullable String seconds) throws BlockException {
    if (seconds == null) {
      return Instant.now();
    }
    try {
      long value = Long.parseLong(seconds);
      if (value >= 0 && value <= MAX_SECONDS) {
        return Instant.ofEpochSecond(value);
      }
    } catch (NumberFormatException e) {
      // as below
    }
    throw new BlockException(
        Errno.EINVAL,
        NAME + " must be a number of seconds from 0 to " + MAX_SECONDS + ", not '" + seconds + "'");
  }
}
