// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** The flags of a request: 16 bits. */
public final class CommandFlags {
  /** The reply waits for stable storage; writes, zeroes and trims, ignored with others. */
  public static final int FUA = 1;

  /** Zeroes are to be provisioned, not made a hole. */
  public static final int NO_HOLE = 1 << 1;

  /** A read is answered by one content chunk at most. */
  public static final int DF = 1 << 2;

  /** Block status is answered by one descriptor a context. */
  public static final int REQ_ONE = 1 << 3;

  /** Zeroes fail with {@link NbdError#ENOTSUP} where they are no faster than a write. */
  public static final int FAST_ZERO = 1 << 4;

  /** The length is that of a payload that follows; only, and for writes always, if extended. */
  public static final int PAYLOAD_LEN = 1 << 5;

  private CommandFlags() {}

  /**
   * The flags that a request of that command may have, whatever was negotiated; a server answers
   * others with EINVAL. FUA is taken with every command, for clients exist that set it everywhere.
   */
  public static int allowed(int command, boolean extended) {
    return switch (command) {
      case Command.READ -> FUA | DF;
      case Command.WRITE -> extended ? FUA | PAYLOAD_LEN : FUA;
      case Command.WRITE_ZEROES -> FUA | NO_HOLE | FAST_ZERO;
      case Command.BLOCK_STATUS -> extended ? FUA | REQ_ONE | PAYLOAD_LEN : FUA | REQ_ONE;
      default -> FUA;
    };
  }
}
