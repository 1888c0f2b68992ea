// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A LUKS2 header, of which an image has two copies: a binary part of 4096 bytes with big-endian
 * numbers, and text in JSON. Each copy has a checksum; of two in order the later one counts.
 *
 * @param bytes of one copy, JSON area included
 * @param sequence grows with every change
 * @param json the text
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 2.1"
 */
record Luks2Header(long bytes, long sequence, String label, String uuid, String json) {
  static final int VERSION = 2;
  static final int BINARY_BYTES = 4096;

  /** The sizes that there are; the second copy begins where the first one ends. */
  private static final int SMALLEST = 16 << 10;

  private static final int LARGEST = 4 << 20;

  private static final byte[] FIRST_MAGIC = {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe};
  private static final byte[] SECOND_MAGIC = {'S', 'K', 'U', 'L', (byte) 0xba, (byte) 0xbe};
  private static final int LABEL_BYTES = 48;
  private static final int ALGORITHM_BYTES = 32;
  private static final int SALT_BYTES = 64;
  private static final int UUID_BYTES = 40;
  private static final int CHECKSUM_OFFSET = 448;
  private static final int CHECKSUM_BYTES = 64;

  /**
   * Whether an image has such a header: the first copy, or, where nothing says LUKS, the second.
   *
   * @param areaBytes how much there is of {@code area}
   */
  static boolean isIn(HeaderArea area, long areaBytes) throws BlockException {
    if (areaBytes < SMALLEST) {
      return false;
    }
    byte[] head = magicAt(area, 0);
    if (LuksHeader.isAt(head)) {
      return LuksHeader.versionAt(head) == VERSION;
    }
    return secondCopy(area, areaBytes) >= 0;
  }

  /** Where a second copy seems to begin; -1 if nowhere. */
  private static long secondCopy(HeaderArea area, long areaBytes) throws BlockException {
    for (int at = SMALLEST; at <= LARGEST && at <= areaBytes - BINARY_BYTES; at *= 2) {
      if (hasMagic(magicAt(area, at), SECOND_MAGIC)) {
        return at;
      }
    }
    return -1;
  }

  private static byte[] magicAt(HeaderArea area, long offset) throws BlockException {
    var magic = new byte[FIRST_MAGIC.length + 2];
    area.read(offset, magic);
    return magic;
  }

  private static boolean hasMagic(byte[] bytes, byte[] magic) {
    return Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
  }

  /**
   * Reads the copy that counts.
   *
   * @throws BlockException if no copy is in order: why the first one is not
   */
  static Luks2Header read(HeaderArea area, long areaBytes) throws BlockException {
    Luks2Header first;
    try {
      first = decode(area, areaBytes, 0, FIRST_MAGIC);
    } catch (BlockException e) {
      BlockException problem = damage(e);
      Luks2Header second = second(area, areaBytes, secondCopy(area, areaBytes));
      if (second == null) {
        throw problem;
      }
      return second;
    }
    Luks2Header second = second(area, areaBytes, first.bytes);
    return second != null && Long.compareUnsigned(second.sequence, first.sequence) > 0
        ? second
        : first;
  }

  /** The second copy, or null if it is damaged. */
  private static @Nullable Luks2Header second(HeaderArea area, long areaBytes, long offset)
      throws BlockException {
    if (offset < 0) {
      return null;
    }
    try {
      return decode(area, areaBytes, offset, SECOND_MAGIC);
    } catch (BlockException e) {
      damage(e);
      return null;
    }
  }

  /** Lets what says that bytes could not be read pass. */
  private static BlockException damage(BlockException e) throws BlockException {
    if (e.errno() != Errno.EINVAL) {
      throw e;
    }
    return e;
  }

  private static Luks2Header decode(HeaderArea area, long areaBytes, long offset, byte[] magic)
      throws BlockException {
    if (offset > areaBytes - BINARY_BYTES) {
      throw wrong("LUKS2 header is beyond the end of the image");
    }
    var binary = new byte[BINARY_BYTES];
    area.read(offset, binary);
    if (!hasMagic(binary, magic)) {
      throw wrong("Volume is not in LUKS format");
    }
    var in = StructReader.bigEndian(binary);
    in.skip("magic", magic.length); //                                              0
    int version = in.u16("version"); //                                             6
    long bytes = in.u64("hdr_size"); //                                             8
    long sequence = in.u64("seqid"); //                                            16
    String label = in.paddedString("label", LABEL_BYTES); //                       24
    String algorithm = in.paddedString("csum_alg", ALGORITHM_BYTES); //            72
    in.skip("salt", SALT_BYTES); //                                               104
    String uuid = in.paddedString("uuid", UUID_BYTES); //                         168
    in.skip("subsystem", LABEL_BYTES); //                                         208
    long place = in.u64("hdr_offset"); //                                         256
    in.seek("csum", CHECKSUM_OFFSET);
    byte[] checksum = in.bytes("csum", CHECKSUM_BYTES); //                        448
    if (version != VERSION) {
      throw wrong("LUKS2 header has version " + version);
    }
    if (bytes < SMALLEST || bytes > LARGEST || Long.bitCount(bytes) != 1) {
      throw wrong("LUKS2 header size " + Long.toUnsignedString(bytes) + " is not valid");
    }
    if (place != offset || (offset != 0 && offset != bytes)) {
      throw wrong("LUKS2 header at " + offset + " belongs at " + Long.toUnsignedString(place));
    }
    if (bytes > areaBytes - offset) {
      throw wrong("LUKS2 header is beyond the end of the image");
    }
    var text = new byte[(int) bytes - BINARY_BYTES];
    area.read(offset + BINARY_BYTES, text);
    Arrays.fill(binary, CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_BYTES, (byte) 0);
    if (!isSum(checksum, algorithm, binary, text)) {
      throw wrong("LUKS2 header checksum does not match");
    }
    return new Luks2Header(
        bytes, sequence, LuksHeader.printable(label), LuksHeader.printable(uuid), text(text));
  }

  private static boolean isSum(byte[] checksum, String algorithm, byte[] binary, byte[] text)
      throws BlockException {
    @Nullable HashAlgorithm hash = HashAlgorithm.named(algorithm);
    if (hash == null) {
      throw wrong("LUKS2 header checksum '" + LuksHeader.printable(algorithm) + "' is not known");
    }
    MessageDigest digest = hash.start();
    digest.update(binary);
    digest.update(text);
    return Arrays.equals(digest.digest(), Arrays.copyOf(checksum, hash.digestBytes()));
  }

  private static String text(byte[] area) throws BlockException {
    int length = 0;
    while (length < area.length && area[length] != 0) {
      length++;
    }
    if (length == area.length) {
      throw wrong("LUKS2 header text is not NUL terminated");
    }
    return new String(area, 0, length, StandardCharsets.UTF_8);
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
