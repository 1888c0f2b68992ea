// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** Bounds on what a peer may announce, in bytes if nothing else is said. */
public final class NbdLimits {
  /** Of a string: names, descriptions, context names, messages. */
  public static final int STRING = 4096;

  /** Of the data of an option that is taken in; a larger one is answered with TOO_BIG. */
  public static final int OPTION_DATA = 256 * 1024;

  /** Of the data of an option that is passed over; whoever announces more is not talked to. */
  public static final int OPTION_SKIP = 32 * 1024 * 1024;

  /**
   * Of one option reply's data: a name and a description with their lengths, and room for details
   * that a later protocol may add.
   */
  public static final int OPTION_REPLY_DATA = 4 * STRING;

  /** How many replies to one option a client takes before it gives up: LIST has one an export. */
  public static final int OPTION_REPLIES = 65536;

  /** Of a read's or write's payload if the server names none; every peer takes that much. */
  public static final int PAYLOAD = 32 * 1024 * 1024;

  /** Of any payload; a request or reply beyond it ends the connection. */
  public static final int HARD_PAYLOAD = 64 * 1024 * 1024;

  /** How many block status descriptors a reply chunk may have. */
  public static final int DESCRIPTORS = 1 << 20;

  /** Of the smallest block a server may ask for; a power of two. */
  public static final int MINIMUM_BLOCK = 65536;

  private NbdLimits() {}
}
