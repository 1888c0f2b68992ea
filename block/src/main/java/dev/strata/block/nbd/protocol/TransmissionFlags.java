// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** What a server says of an export: 16 bits. */
public final class TransmissionFlags {
  /** Always set. */
  public static final int HAS_FLAGS = 1;

  /** Writes of any kind are refused. */
  public static final int READ_ONLY = 1 << 1;

  /** {@link Command#FLUSH} is understood. */
  public static final int SEND_FLUSH = 1 << 2;

  /** {@link CommandFlags#FUA} is understood. */
  public static final int SEND_FUA = 1 << 3;

  /** Seeking costs time. */
  public static final int ROTATIONAL = 1 << 4;

  /** {@link Command#TRIM} is understood. */
  public static final int SEND_TRIM = 1 << 5;

  /** {@link Command#WRITE_ZEROES} and {@link CommandFlags#NO_HOLE} are understood. */
  public static final int SEND_WRITE_ZEROES = 1 << 6;

  /** {@link CommandFlags#DF} is understood; only with reply chunks. */
  public static final int SEND_DF = 1 << 7;

  /** A flush on one connection covers what was written through all. */
  public static final int CAN_MULTI_CONN = 1 << 8;

  /** {@link Command#RESIZE} is understood. */
  public static final int SEND_RESIZE = 1 << 9;

  /** {@link Command#CACHE} is understood. */
  public static final int SEND_CACHE = 1 << 10;

  /** {@link CommandFlags#FAST_ZERO} is understood. */
  public static final int SEND_FAST_ZERO = 1 << 11;

  /** {@link Command#BLOCK_STATUS} may choose contexts; only with extended headers. */
  public static final int BLOCK_STATUS_PAYLOAD = 1 << 12;

  private TransmissionFlags() {}

  /** Whether {@code flag} is in {@code flags}. */
  public static boolean has(int flags, int flag) {
    return (flags & flag) == flag;
  }
}
