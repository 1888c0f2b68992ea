// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.bochs;

import static dev.strata.block.Errno.EFBIG;
import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the header of a redolog says of a growing image. All numbers are little-endian.
 *
 * @param headerSize where the catalog begins, in bytes
 * @param catalogEntries how many extents the disk may have
 * @param bitmapSize of an extent's bitmap, in bytes
 * @param extentSize of the disk's bytes in an extent; a power of two
 * @param sectors the disk's size
 * @see "Bochs Developers Guide, Harddisk Images based on redologs, header description"
 */
record BochsHeader(
    long headerSize, int catalogEntries, long bitmapSize, int extentSize, long sectors) {
  static final int BYTES = 96;
  static final int SECTOR = 512;

  private static final byte[] MAGIC = padded("Bochs Virtual HD Image");
  private static final byte[] TYPE = padded("Redolog");
  private static final byte[] SUBTYPE = padded("Growing");
  private static final int TYPE_POSITION = 32;
  private static final int SUBTYPE_POSITION = 48;
  private static final int VERSION_POSITION = 64;
  private static final int VERSION_1 = 0x10000;
  private static final int VERSION_2 = 0x20000;

  /** 4 MiB of catalog. */
  private static final int MAX_CATALOG_ENTRIES = 1 << 20;

  private static final int MAX_EXTENT_SIZE = 8 << 20;

  /** With the NUL that ends it: what follows in the field means nothing. */
  private static byte[] padded(String name) {
    return (name + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  /** Whether an image begins with these bytes, {@link #BYTES} or more. */
  static boolean isAt(byte[] head) {
    if (head.length < BYTES) {
      return false;
    }
    int version = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(VERSION_POSITION);
    return has(head, 0, MAGIC)
        && has(head, TYPE_POSITION, TYPE)
        && has(head, SUBTYPE_POSITION, SUBTYPE)
        && (version == VERSION_1 || version == VERSION_2);
  }

  private static boolean has(byte[] head, int position, byte[] name) {
    return Arrays.equals(head, position, position + name.length, name, 0, name.length);
  }

  static BochsHeader decode(byte[] image) throws BlockException {
    if (!isAt(image)) {
      throw new BlockException(EINVAL, "Image not in Bochs format");
    }
    var in = StructReader.littleEndian(image);
    in.skip("magic", 32); //                            0
    in.skip("type", 16); //                            32
    in.skip("subtype", 16); //                         48
    long version = in.u32("version"); //               64
    long headerSize = in.u32("header"); //             68
    long catalogEntries = in.u32("catalog"); //        72
    long bitmapSize = in.u32("bitmap"); //             76
    long extentSize = in.u32("extent"); //             80
    if (version == VERSION_2) {
      in.skip("timestamp", 4); //                      84
    }
    long size = in.u64("disk"); //                     84 or 88
    if (catalogEntries > MAX_CATALOG_ENTRIES) {
      throw new BlockException(EFBIG, "Catalog size is too large");
    }
    if (extentSize < SECTOR) {
      throw new BlockException(EINVAL, "Extent size must be at least 512");
    }
    if (Long.bitCount(extentSize) != 1) {
      throw new BlockException(EINVAL, "Extent size " + extentSize + " is not a power of two");
    }
    if (extentSize > MAX_EXTENT_SIZE) {
      throw new BlockException(EINVAL, "Extent size " + extentSize + " is too large");
    }
    // The size is unsigned. Those with the highest bit set are larger than any catalog, too.
    long sectors = size >>> 9;
    long sectorsPerExtent = extentSize / SECTOR;
    if ((sectors + sectorsPerExtent - 1) / sectorsPerExtent > catalogEntries) {
      throw new BlockException(EINVAL, "Catalog size is too small for this disk size");
    }
    return new BochsHeader(headerSize, (int) catalogEntries, bitmapSize, (int) extentSize, sectors);
  }

  /** In bytes. */
  long size() {
    return sectors * SECTOR;
  }

  /** What the file needs for one bitmap: whole sectors, in bytes. */
  long bitmapRoom() {
    return (bitmapSize + SECTOR - 1) / SECTOR * SECTOR;
  }

  /** Where the first extent begins, in bytes. */
  long firstExtent() {
    return headerSize + 4L * catalogEntries;
  }
}
