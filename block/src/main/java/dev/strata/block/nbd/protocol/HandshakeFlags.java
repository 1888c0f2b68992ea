// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** Bits of the 16 that a newstyle server sends first and of the 32 that the client answers. */
public final class HandshakeFlags {
  /** Options beyond EXPORT_NAME are answered. */
  public static final int FIXED_NEWSTYLE = 1;

  /** No 124 zero bytes after the answer to EXPORT_NAME. */
  public static final int NO_ZEROES = 1 << 1;

  /** All that a client may answer; a server drops who sets others. */
  public static final int KNOWN = FIXED_NEWSTYLE | NO_ZEROES;

  /** The length of the client's answer in bytes. */
  public static final int CLIENT_SIZE = 4;

  private HandshakeFlags() {}
}
