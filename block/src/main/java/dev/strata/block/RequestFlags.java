// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/**
 * What a request asks for beyond its bytes: bits of an {@code int}, so that a flag costs nothing on
 * the way through the layers.
 */
public final class RequestFlags {
  /** Nothing beyond the bytes. */
  public static final int NONE = 0;

  /** Returned means: this request's bytes are on stable storage (force unit access). */
  public static final int FUA = 1;

  /** Write-zeroes only: the range may be deallocated if it then reads as zeroes. */
  public static final int MAY_UNMAP = 1 << 1;

  /** Write-zeroes only: fail with {@link Errno#EOPNOTSUPP} rather than write buffers of zeroes. */
  public static final int NO_FALLBACK = 1 << 2;

  /** Write only: the bytes are those that the guest reads there already; needs less permission. */
  public static final int WRITE_UNCHANGED = 1 << 3;

  /**
   * Write only: store the bytes compressed; the range is whole clusters, but for the image's end.
   */
  public static final int COMPRESSED = 1 << 4;

  /** Truncate only: a grown range reads as zeroes even over a backing file with data there. */
  public static final int ZERO_GROWN = 1 << 5;

  private RequestFlags() {}

  /** Whether all bits of {@code flag} are in {@code flags}. */
  public static boolean has(int flags, int flag) {
    return (flags & flag) == flag;
  }
}
