// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;

/**
 * The footer, which a dynamic image begins with, too. All numbers are big-endian.
 *
 * @param dataOffset of the dynamic image's header, in bytes
 * @param creator the program that made the image: four characters
 * @param currentSize of the disk, in bytes
 * @see "Virtual Hard Disk Image Format Specification, Hard Disk Footer Format"
 */
record VpcFooter(
    long dataOffset, String creator, long currentSize, DiskGeometry geometry, int type) {
  static final int BYTES = 512;
  static final int FIXED = 2;
  static final int DYNAMIC = 3;

  /** The data offset of a fixed image, and of an image without whatever it would point to. */
  static final long NOWHERE = -1;

  private static final String COOKIE = "conectix";
  private static final long FEATURES = 2; // reserved, always set
  private static final long VERSION = 0x00010000;
  private static final int CHECKSUM_POSITION = 64;
  private static final long EPOCH = 946_684_800; // 2000-01-01, in seconds since 1970

  /** Whether these are the first bytes of a footer. */
  static boolean isAt(byte[] head) {
    byte[] cookie = COOKIE.getBytes(StandardCharsets.US_ASCII);
    return head.length >= BYTES && Arrays.equals(head, 0, cookie.length, cookie, 0, cookie.length);
  }

  /** Decodes a footer whose cookie is right. */
  static VpcFooter decode(byte[] image) throws BlockException {
    var in = StructReader.bigEndian(image);
    in.skip("cookie", 8); //                                0
    in.skip("features, version", 8); //                     8
    long dataOffset = in.u64("data_offset"); //            16
    in.skip("timestamp", 4); //                            24
    String creator = in.string("creator_app", 4, StandardCharsets.ISO_8859_1); // 28
    in.skip("creator_version, creator_os", 8); //          32
    in.skip("original_size", 8); //                        40
    long currentSize = in.u64("current_size"); //          48
    int cylinders = in.u16("cylinders"); //                56
    int heads = in.u8("heads"); //                         58
    int sectors = in.u8("sectors"); //                     59
    long type = in.u32("type"); //                         60
    long checksum = in.u32("checksum"); //                 64
    if (checksum != checksum(image, CHECKSUM_POSITION)) {
      throw new BlockException(EINVAL, "Incorrect header checksum");
    }
    return new VpcFooter(
        dataOffset,
        creator,
        currentSize,
        new DiskGeometry(cylinders, heads, sectors),
        (int) Math.min(type, Integer.MAX_VALUE));
  }

  /** The complement of the sum of all bytes but those of the checksum. */
  static long checksum(byte[] structure, int position) {
    long sum = 0;
    for (int i = 0; i < structure.length; i++) {
      if (i < position || i >= position + 4) {
        sum += structure[i] & 0xff;
      }
    }
    return ~sum & 0xffff_ffffL;
  }

  /** Fills {@code target} with the footer of a new image. */
  void encode(byte[] target, Instant now, UUID id) {
    var out = StructWriter.bigEndian(target);
    out.string(COOKIE)
        .u32(FEATURES)
        .u32(VERSION)
        .u64(dataOffset)
        .u32(now.getEpochSecond() - EPOCH & 0xffff_ffffL)
        .string(creator)
        .u16(5)
        .u16(3)
        .string("Wi2k")
        .u64(currentSize)
        .u64(currentSize)
        .u16(geometry.cylinders())
        .u8(geometry.heads())
        .u8(geometry.sectors())
        .u32(type)
        .u32(0)
        .u64(id.getMostSignificantBits())
        .u64(id.getLeastSignificantBits())
        .zeroes(BYTES - 84);
    out.seek(CHECKSUM_POSITION).u32(checksum(target, CHECKSUM_POSITION));
  }

  /** Whether it was made by a program whose disks are as large as the footer says. */
  boolean statesItsSize() {
    return switch (creator) {
      case "win ", "qem2", "d2v ", "tap\0", "CTXS" -> true;
      default -> geometry.isLargest();
    };
  }
}
