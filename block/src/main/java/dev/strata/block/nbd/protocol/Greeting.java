// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;

/** What a server says first: two magic numbers of 64 bits, then what follows from the second. */
public sealed interface Greeting {
  /** The bytes that tell one greeting from the other. */
  int MAGICS_SIZE = 16;

  /** Options follow; {@code flags} are {@link HandshakeFlags}. */
  record Newstyle(int flags) implements Greeting {}

  /**
   * The one export of a server without options; transmission follows.
   *
   * @param size of the export in bytes; unsigned
   * @param flags {@link TransmissionFlags}; 32 bits, of which 16 have a meaning
   */
  record Oldstyle(long size, int flags) implements Greeting {}

  /** All bytes of it, ready to be sent. */
  default ByteBuffer encode() {
    return switch (this) {
      case Newstyle(int flags) ->
          ByteBuffer.allocate(MAGICS_SIZE + 2)
              .putLong(Magic.INIT)
              .putLong(Magic.OPTION)
              .putShort((short) flags)
              .flip();
      case Oldstyle(long size, int flags) ->
          ByteBuffer.allocate(MAGICS_SIZE + 12 + ExportReply.PADDING)
              .putLong(Magic.INIT)
              .putLong(Magic.OLDSTYLE)
              .putLong(size)
              .putInt(flags)
              .position(MAGICS_SIZE + 12 + ExportReply.PADDING)
              .flip();
    };
  }

  /** The bytes of the first magic, which tell a server from anything else. */
  int INITIAL_SIZE = 8;

  /**
   * Whether the first {@link #INITIAL_SIZE} bytes are a server's.
   *
   * @throws BlockException EINVAL if they are not
   */
  static void checkInitialMagic(ByteBuffer magics) throws BlockException {
    long init = magics.getLong(0);
    if (init != Magic.INIT) {
      throw new BlockException(Errno.EINVAL, "Bad initial magic received: 0x" + hex16(init));
    }
  }

  /**
   * How many bytes follow the {@link #MAGICS_SIZE} first.
   *
   * @throws BlockException EINVAL if the second magic is none that is known
   */
  static int restSize(ByteBuffer magics) throws BlockException {
    long style = magics.getLong(8);
    if (style == Magic.OPTION) {
      return 2;
    }
    if (style == Magic.OLDSTYLE) {
      return 12 + ExportReply.PADDING;
    }
    throw new BlockException(Errno.EINVAL, "Bad server magic received: 0x" + hex16(style));
  }

  /** The greeting whose {@link #restSize} was asked for {@code magics}. */
  static Greeting decode(ByteBuffer magics, ByteBuffer rest) {
    return magics.getLong(8) == Magic.OPTION
        ? new Newstyle(rest.getShort(0) & 0xffff)
        : new Oldstyle(rest.getLong(0), rest.getInt(8));
  }

  private static String hex16(long number) {
    String digits = Long.toHexString(number);
    return "0".repeat(16 - digits.length()) + digits;
  }
}
