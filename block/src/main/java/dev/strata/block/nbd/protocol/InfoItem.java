// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;

/** One thing that a server says of an export in answer to INFO or GO: a 16-bit type, its data. */
public sealed interface InfoItem {
  int EXPORT = 0;
  int NAME = 1;
  int DESCRIPTION = 2;
  int BLOCK_SIZE = 3;

  /**
   * Sent with every success.
   *
   * @param size in bytes; unsigned
   * @param flags {@link TransmissionFlags}
   */
  record Export(long size, int flags) implements InfoItem {}

  /** What the server calls the export. */
  record Name(String name) implements InfoItem {}

  /** For a person. */
  record Description(String text) implements InfoItem {}

  /**
   * In bytes, as the peer sent them; see {@link #check}.
   *
   * @param minimum of offsets and lengths
   * @param preferred below which requests are slow
   * @param maximum of a payload; unsigned
   */
  record BlockSize(int minimum, int preferred, int maximum) implements InfoItem {
    /**
     * Whether these sizes are what the protocol allows.
     *
     * @throws BlockException EINVAL that names the size
     */
    public void check() throws BlockException {
      if (!isPowerOfTwo(minimum)) {
        throw unfit("minimum", minimum, "a power of two");
      }
      if (minimum > NbdLimits.MINIMUM_BLOCK) {
        throw unfit("minimum", minimum, "valid");
      }
      if (!isPowerOfTwo(preferred) || preferred < minimum) {
        throw unfit("preferred", preferred, "valid");
      }
      if (Integer.compareUnsigned(maximum, minimum) < 0) {
        throw unfit("maximum", maximum, "valid");
      }
    }

    private static boolean isPowerOfTwo(int size) {
      return size > 0 && (size & (size - 1)) == 0;
    }

    private static BlockException unfit(String which, int size, String what) {
      return new BlockException(
          Errno.EINVAL,
          "server " + which + " block size " + Integer.toUnsignedString(size) + " is not " + what);
    }
  }

  /** An item of a type that is not known, to be ignored. */
  record Unknown(int type) implements InfoItem {}

  /** Its 16-bit type. */
  default int type() {
    return switch (this) {
      case Export _ -> EXPORT;
      case Name _ -> NAME;
      case Description _ -> DESCRIPTION;
      case BlockSize _ -> BLOCK_SIZE;
      case Unknown(int type) -> type;
    };
  }

  /** The data of an option reply that carries it. */
  default byte[] encode() {
    return switch (this) {
      case Export(long size, int flags) -> start(10).putLong(size).putShort((short) flags).array();
      case Name(String name) -> encodeString(name);
      case Description(String text) -> encodeString(text);
      case BlockSize(int minimum, int preferred, int maximum) ->
          start(12).putInt(minimum).putInt(preferred).putInt(maximum).array();
      case Unknown _ -> throw new IllegalArgumentException("an item that is not known");
    };
  }

  private ByteBuffer start(int length) {
    return ByteBuffer.allocate(2 + length).putShort((short) type());
  }

  private byte[] encodeString(String text) {
    byte[] bytes = NbdString.encode(text);
    return start(bytes.length).put(bytes).array();
  }

  /**
   * Reads an item from all of an option reply's data.
   *
   * @throws BlockException EPROTO if the length does not fit the type
   */
  static InfoItem decode(ByteBuffer data) throws BlockException {
    if (data.remaining() < 2) {
      throw new BlockException(
          Errno.EPROTO, "NBD_REP_INFO length " + data.remaining() + " is too short");
    }
    int length = data.remaining();
    int type = data.getShort() & 0xffff;
    return switch (type) {
      case EXPORT -> {
        expect(length, 12, "export");
        yield new Export(data.getLong(), data.getShort() & 0xffff);
      }
      case NAME -> new Name(string(data));
      case DESCRIPTION -> new Description(string(data));
      case BLOCK_SIZE -> {
        expect(length, 14, "block size");
        yield new BlockSize(data.getInt(), data.getInt(), data.getInt());
      }
      default -> new Unknown(type);
    };
  }

  private static String string(ByteBuffer data) throws BlockException {
    String text = NbdString.take(data, data.remaining());
    if (text == null) {
      throw malformed(data.remaining());
    }
    return text;
  }

  private static void expect(int length, int expected, String what) throws BlockException {
    if (length != expected) {
      throw new BlockException(
          Errno.EPROTO, "remaining " + what + " info len " + (length - 2) + " is unexpected size");
    }
  }

  private static BlockException malformed(int length) {
    return new BlockException(Errno.EPROTO, "info of " + length + " bytes is no string");
  }
}
