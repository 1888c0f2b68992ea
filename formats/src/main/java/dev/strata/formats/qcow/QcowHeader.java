// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EIO;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.ByteBuffer;

/**
 * The header. All numbers are big-endian.
 *
 * @param backingNameOffset in bytes; 0 if there is no backing file
 * @param backingNameSize in bytes
 * @param size of the disk in bytes, a multiple of 512
 * @param clusterBits 9 to 16
 * @param l2Bits 6 to 13: an L2 table has 2^l2Bits entries
 * @param encrypted whether by the old AES
 * @param l1Offset in bytes
 * @see "The QCOW Image Format, Header"
 */
record QcowHeader(
    long backingNameOffset,
    int backingNameSize,
    long size,
    int clusterBits,
    int l2Bits,
    boolean encrypted,
    long l1Offset) {
  static final int BYTES = 48;
  static final int MAX_NAME = 1023;

  private static final int MAGIC = 0x514649fb; // "QFI\xfb"
  private static final int VERSION = 1;
  private static final int MAX_L1_ENTRIES = Integer.MAX_VALUE / 8;
  private static final long NO_ENCRYPTION = 0;
  private static final long AES = 1;

  /** Whether an image begins with these bytes. */
  static boolean isAt(byte[] head) {
    return head.length >= BYTES
        && ByteBuffer.wrap(head).getInt(0) == MAGIC
        && ByteBuffer.wrap(head).getInt(4) == VERSION;
  }

  static QcowHeader decode(byte[] image) throws BlockException {
    var in = StructReader.bigEndian(image);
    long magic = in.u32("magic"); //                                0
    long version = in.u32("version"); //                            4
    long backingNameOffset = in.u64("backing_file_offset"); //      8
    long backingNameSize = in.u32("backing_file_size"); //         16
    in.skip("mtime", 4); //                                        20
    long size = in.u64("size"); //                                 24
    int clusterBits = in.u8("cluster_bits"); //                    32
    int l2Bits = in.u8("l2_bits"); //                              33
    in.skip("padding", 2); //                                      34
    long encryption = in.u32("crypt_method"); //                   36
    long l1Offset = in.u64("l1_table_offset"); //                  40
    check(magic == MAGIC, "Image not in qcow format");
    checkVersion(version);
    check(size < 0 || size > 1, "Image size is too small (must be at least 2 bytes)");
    check(clusterBits >= 9 && clusterBits <= 16, "Cluster size must be between 512 and 64k");
    check(l2Bits >= 9 - 3 && l2Bits <= 16 - 3, "L2 table size must be between 512 and 64k");
    check(encryption <= AES, "invalid encryption method in qcow header");
    check(l1Entries(size, clusterBits + l2Bits) >= 0, "Image too large");
    if (l1Offset < 0 || l1Offset > Long.MAX_VALUE / 2) {
      throw BlockException.of(EIO);
    }
    if (backingNameOffset != 0) {
      check(
          backingNameSize <= MAX_NAME && backingNameSize <= 1L << clusterBits,
          "Backing file name too long");
      check(
          backingNameOffset > 0 && backingNameOffset <= Long.MAX_VALUE / 2,
          "Invalid backing file offset");
    }
    return new QcowHeader(
        backingNameOffset,
        (int) Math.min(backingNameSize, MAX_NAME),
        (size + 511) & -512,
        clusterBits,
        l2Bits,
        encryption == AES,
        l1Offset);
  }

  private static void checkVersion(long version) throws BlockException {
    if (version != VERSION) {
      var wrong =
          new BlockException(EOPNOTSUPP, "qcow (v1) does not support qcow version " + version);
      throw version == 2 || version == 3
          ? wrong.withHint("Try the 'qcow2' driver instead.")
          : wrong;
    }
  }

  private static void check(boolean right, String otherwise) throws BlockException {
    if (!right) {
      throw new BlockException(EINVAL, otherwise);
    }
  }

  /** How many L1 entries a disk needs; -1 if that is too many. */
  private static int l1Entries(long size, int shift) {
    if (size < 0 || size > Long.MAX_VALUE - (1L << shift)) {
      return -1;
    }
    long entries = (size + (1L << shift) - 1) >>> shift;
    return entries > MAX_L1_ENTRIES ? -1 : (int) entries;
  }

  /** Whether a disk of that size can be had with tables and clusters of those sizes. */
  static boolean hasRoom(long size, int clusterBits, int l2Bits) {
    return l1Entries(size, clusterBits + l2Bits) >= 0;
  }

  byte[] encode() {
    byte[] bytes = new byte[BYTES];
    StructWriter.bigEndian(bytes)
        .u32(MAGIC)
        .u32(VERSION)
        .u64(backingNameOffset)
        .u32(backingNameSize)
        .u32(0)
        .u64(size)
        .u8(clusterBits)
        .u8(l2Bits)
        .u16(0)
        .u32(encrypted ? AES : NO_ENCRYPTION)
        .u64(l1Offset);
    return bytes;
  }

  int clusterSize() {
    return 1 << clusterBits;
  }

  int l1Entries() {
    return l1Entries(size, clusterBits + l2Bits);
  }
}
