// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import org.jspecify.annotations.Nullable;

/** Why a server refuses an option. */
public enum OptionError {
  /** The option is not known. */
  UNSUPPORTED(1),
  /** The option is known but not allowed. */
  POLICY(2),
  /** Its data makes no sense, or it comes at the wrong time. */
  INVALID(3),
  /** It cannot be had on this host. */
  PLATFORM(4),
  /** Not without TLS. */
  TLS_REQUIRED(5),
  /** There is no such export. */
  UNKNOWN(6),
  /** The server is about to end. */
  SHUTDOWN(7),
  /** Not without asking for the block sizes. */
  BLOCK_SIZE_REQUIRED(8),
  /** The request or its answer is too large. */
  TOO_BIG(9),
  /** Not without extended headers. */
  EXTENDED_HEADERS_REQUIRED(10);

  private static final int ERROR_BIT = 1 << 31;

  private final int number;

  OptionError(int number) {
    this.number = number;
  }

  /** The reply type as on the wire. */
  public int replyType() {
    return ERROR_BIT | number;
  }

  /** Whether a reply of that type is an error, be it known or not. */
  public static boolean isError(int replyType) {
    return (replyType & ERROR_BIT) != 0;
  }

  /** The error of that reply type, or null if it is not known. */
  public static @Nullable OptionError of(int replyType) {
    for (OptionError error : values()) {
      if (error.replyType() == replyType) {
        return error;
      }
    }
    return null;
  }
}
