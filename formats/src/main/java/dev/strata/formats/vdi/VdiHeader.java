// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.UUID;

/**
 * The header. All numbers are little-endian.
 *
 * @param type {@link #DYNAMIC}, {@link #STATIC} or one that is treated as dynamic
 * @param mapOffset of the block map, in bytes
 * @param dataOffset of the block at place 0, in bytes
 * @param diskSize in bytes, a multiple of 512
 * @param blocks how many the disk has
 * @param allocated how many places the file has
 * @see "forums.virtualbox.org, Tutorial: All about VDIs, The VDI header"
 */
record VdiHeader(
    int type, long mapOffset, long dataOffset, long diskSize, int blocks, long allocated) {
  static final int BYTES = 512;
  static final int SECTOR = 512;
  static final int BLOCK = 1 << 20;
  static final int DYNAMIC = 1;
  static final int STATIC = 2;
  static final int ALLOCATED_POSITION = 0x184;

  private static final String TEXT = "<<< QEMU VM Virtual Disk Image >>>\n";
  private static final int TEXT_BYTES = 64;
  private static final int SIGNATURE_POSITION = 64;
  private static final int SIGNATURE = 0xbeda107f;
  private static final long VERSION = 0x00010001;
  private static final int HEADER_SIZE = 0x180;
  private static final int MAX_BLOCKS = 0x1fffff80;
  private static final long MAX_SIZE = (long) MAX_BLOCKS * BLOCK;
  private static final int UUID_BYTES = 16;

  /** Whether an image begins with these bytes. */
  static boolean isAt(byte[] head) {
    return head.length >= BYTES && signature(head) == SIGNATURE;
  }

  private static int signature(byte[] head) {
    return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(SIGNATURE_POSITION);
  }

  static VdiHeader decode(byte[] image) throws BlockException {
    var in = StructReader.littleEndian(image);
    in.skip("text", TEXT_BYTES); //                            0x000
    long signature = in.u32("signature"); //                   0x040
    long version = in.u32("version"); //                       0x044
    in.skip("header_size", 4); //                              0x048
    long type = in.u32("image_type"); //                       0x04c
    in.skip("image_flags", 4); //                              0x050
    in.skip("description", 256); //                            0x054
    long mapOffset = in.u32("offset_bmap"); //                 0x154
    long dataOffset = in.u32("offset_data"); //                0x158
    in.skip("geometry", 12); //                                0x15c
    long sectorSize = in.u32("sector_size"); //                0x168
    in.skip("unused1", 4); //                                  0x16c
    long diskSize = in.u64("disk_size"); //                    0x170
    long blockSize = in.u32("block_size"); //                  0x178
    in.skip("block_extra", 4); //                              0x17c
    long blocks = in.u32("blocks_in_image"); //                0x180
    long allocated = in.u32("blocks_allocated"); //            0x184
    in.skip("uuid_image, uuid_last_snap", 2L * UUID_BYTES); // 0x188
    byte[] link = in.bytes("uuid_link", UUID_BYTES); //        0x1a8
    byte[] parent = in.bytes("uuid_parent", UUID_BYTES); //    0x1b8
    if (diskSize < 0 || diskSize > MAX_SIZE) {
      throw tooLarge(diskSize);
    }
    diskSize = (diskSize + SECTOR - 1) / SECTOR * SECTOR;
    if (signature != (SIGNATURE & 0xffff_ffffL)) {
      throw new BlockException(
          EINVAL, "Image not in VDI format (bad signature " + Long.toHexString(signature) + ")");
    }
    check(version == VERSION, "version " + (version >>> 16) + "." + (version & 0xffff));
    check(mapOffset % SECTOR == 0, "unaligned block map offset 0x" + Long.toHexString(mapOffset));
    check(dataOffset % SECTOR == 0, "unaligned data offset 0x" + Long.toHexString(dataOffset));
    check(sectorSize == SECTOR, "sector size " + sectorSize + " is not 512");
    check(blockSize == BLOCK, "block size " + blockSize + " is not " + BLOCK);
    check(
        diskSize <= blocks * BLOCK,
        "disk size " + diskSize + ", image bitmap has room for " + blocks * BLOCK);
    check(isZero(link), "non-NULL link UUID");
    check(isZero(parent), "non-NULL parent UUID");
    check(blocks <= MAX_BLOCKS, "too many blocks " + blocks + ", max is " + MAX_BLOCKS);
    return new VdiHeader(
        (int) Math.min(type, Integer.MAX_VALUE),
        mapOffset,
        dataOffset,
        diskSize,
        (int) blocks,
        allocated);
  }

  private static void check(boolean right, String what) throws BlockException {
    if (!right) {
      throw new BlockException(EOPNOTSUPP, "unsupported VDI image (" + what + ")");
    }
  }

  private static BlockException tooLarge(long diskSize) {
    return new BlockException(
        EOPNOTSUPP,
        "Unsupported VDI image size (size is 0x"
            + Long.toHexString(diskSize)
            + ", max supported is 0x"
            + Long.toHexString(MAX_SIZE)
            + ")");
  }

  private static boolean isZero(byte[] uuid) {
    return Arrays.equals(uuid, new byte[UUID_BYTES]);
  }

  /**
   * The header of a new image.
   *
   * @param size in bytes, unsigned
   */
  static VdiHeader create(long size, boolean isStatic) throws BlockException {
    if (size < 0 || size > MAX_SIZE) {
      throw tooLarge(size);
    }
    long diskSize = (size + SECTOR - 1) / SECTOR * SECTOR;
    int blocks = (int) ((diskSize + BLOCK - 1) / BLOCK);
    long mapBytes = (4L * blocks + SECTOR - 1) / SECTOR * SECTOR;
    return new VdiHeader(
        isStatic ? STATIC : DYNAMIC,
        BYTES,
        BYTES + mapBytes,
        diskSize,
        blocks,
        isStatic ? blocks : 0);
  }

  /** Writes the header of an image with those identifiers. */
  void encode(byte[] target, UUID image, UUID lastSnapshot) {
    StructWriter.littleEndian(target)
        .paddedString(TEXT, TEXT_BYTES)
        .u32(SIGNATURE & 0xffff_ffffL)
        .u32(VERSION)
        .u32(HEADER_SIZE)
        .u32(type)
        .zeroes(4 + 256)
        .u32(mapOffset)
        .u32(dataOffset)
        .zeroes(12)
        .u32(SECTOR)
        .zeroes(4)
        .u64(diskSize)
        .u32(BLOCK)
        .zeroes(4)
        .u32(blocks)
        .u32(allocated)
        .bytes(bytes(image))
        .bytes(bytes(lastSnapshot))
        .zeroes(BYTES - 0x1a8);
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(UUID_BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  boolean isStatic() {
    return type == STATIC;
  }

  /** The first byte that no part of the metadata takes. */
  long metadataEnd() {
    return Math.max(BYTES, mapOffset + 4L * blocks);
  }
}
