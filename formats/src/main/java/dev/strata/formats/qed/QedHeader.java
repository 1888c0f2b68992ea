// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The header. All numbers are little-endian.
 *
 * @param clusterSize in bytes, a power of two
 * @param tableSize of L1 and L2 tables, in clusters
 * @param headerSize in clusters: what lies before the first cluster with an offset
 * @param l1Offset in bytes
 * @param imageSize of the disk, in bytes
 * @param backingNameOffset in bytes; counts if {@link #BACKING_FILE} is set
 * @param backingNameSize in bytes
 * @see "QEMU docs/interop/qed_spec, Header"
 */
record QedHeader(
    int clusterSize,
    int tableSize,
    long headerSize,
    long features,
    long compatibleFeatures,
    long autoclearFeatures,
    long l1Offset,
    long imageSize,
    long backingNameOffset,
    long backingNameSize) {
  static final int BYTES = 64;

  /** A bit of {@code features}: there is a backing file. */
  static final long BACKING_FILE = 1;

  /** A bit of {@code features}: the image was not closed by who wrote it. */
  static final long NEED_CHECK = 2;

  /** A bit of {@code features}: the backing file is raw, whatever it looks like. */
  static final long BACKING_RAW = 4;

  static final int MIN_CLUSTER = 1 << 12;
  static final int MAX_CLUSTER = 1 << 26;
  static final int MAX_TABLE = 16;
  static final int MAX_NAME = 1023;

  private static final int MAGIC = 0x00444551; // "QED\0"

  /** Whether an image begins with these bytes. */
  static boolean isAt(byte[] head) {
    return head.length >= BYTES
        && ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == MAGIC;
  }

  static boolean isClusterSize(long size) {
    return size >= MIN_CLUSTER && size <= MAX_CLUSTER && Long.bitCount(size) == 1;
  }

  static boolean isTableSize(long clusters) {
    return clusters >= 1 && clusters <= MAX_TABLE && Long.bitCount(clusters) == 1;
  }

  /** The size of the largest disk that two levels of tables have room for, in bytes. */
  static long maxImageSize(long clusterSize, long tableSize) {
    long entries = clusterSize * tableSize / Long.BYTES;
    long high = Math.multiplyHigh(entries * entries, clusterSize);
    return high != 0 || entries * entries * clusterSize < 0
        ? Long.MAX_VALUE
        : entries * entries * clusterSize;
  }

  static QedHeader decode(byte[] image, long fileLength) throws BlockException {
    if (!isAt(image)) {
      throw new BlockException(EINVAL, "Image not in QED format");
    }
    var in = StructReader.littleEndian(image);
    in.skip("magic", 4); //                                               0
    long clusterSize = in.u32("cluster_size"); //                         4
    long tableSize = in.u32("table_size"); //                             8
    long headerSize = in.u32("header_size"); //                          12
    long features = in.u64("features"); //                               16
    long compatibleFeatures = in.u64("compat_features"); //              24
    long autoclearFeatures = in.u64("autoclear_features"); //            32
    long l1Offset = in.u64("l1_table_offset"); //                        40
    long imageSize = in.u64("image_size"); //                            48
    long backingNameOffset = in.u32("backing_filename_offset"); //       56
    long backingNameSize = in.u32("backing_filename_size"); //           60
    long unknown = features & ~(BACKING_FILE | NEED_CHECK | BACKING_RAW);
    if (unknown != 0) {
      throw new BlockException(
          EOPNOTSUPP, "Unsupported QED features: " + Long.toHexString(unknown));
    }
    check(isClusterSize(clusterSize), "QED cluster size is invalid");
    check(isTableSize(tableSize), "QED table size is invalid");
    check(
        imageSize >= 0 && imageSize % 512 == 0 && imageSize <= maxImageSize(clusterSize, tableSize),
        "QED image size is invalid");
    var header =
        new QedHeader(
            (int) clusterSize,
            (int) tableSize,
            headerSize,
            features,
            compatibleFeatures,
            autoclearFeatures,
            l1Offset,
            imageSize,
            backingNameOffset,
            backingNameSize);
    check(header.isTablePlace(l1Offset, fileLength), "QED table offset is invalid");
    if (header.has(BACKING_FILE)) {
      check(
          backingNameOffset + backingNameSize <= headerSize * clusterSize
              && backingNameSize <= MAX_NAME,
          "QED backing filename offset is invalid");
    }
    return header;
  }

  private static void check(boolean right, String otherwise) throws BlockException {
    if (!right) {
      throw new BlockException(EINVAL, otherwise);
    }
  }

  byte[] encode() {
    byte[] bytes = new byte[BYTES];
    StructWriter.littleEndian(bytes)
        .u32(MAGIC)
        .u32(clusterSize)
        .u32(tableSize)
        .u32(headerSize)
        .u64(features)
        .u64(compatibleFeatures)
        .u64(autoclearFeatures)
        .u64(l1Offset)
        .u64(imageSize)
        .u32(backingNameOffset)
        .u32(backingNameSize);
    return bytes;
  }

  boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** With that state of {@link #NEED_CHECK} and no bits that say what only others know of. */
  QedHeader withNeedCheck(boolean needCheck) {
    return new QedHeader(
        clusterSize,
        tableSize,
        headerSize,
        needCheck ? features | NEED_CHECK : features & ~NEED_CHECK,
        compatibleFeatures,
        0,
        l1Offset,
        imageSize,
        backingNameOffset,
        backingNameSize);
  }

  QedHeader withImageSize(long size) {
    return new QedHeader(
        clusterSize,
        tableSize,
        headerSize,
        features,
        compatibleFeatures,
        autoclearFeatures,
        l1Offset,
        size,
        backingNameOffset,
        backingNameSize);
  }

  /** With a backing name of {@code bytes} bytes right behind the header; none if negative. */
  QedHeader withBacking(int bytes, boolean raw) {
    long kept = features & ~(BACKING_FILE | BACKING_RAW);
    return new QedHeader(
        clusterSize,
        tableSize,
        headerSize,
        bytes < 0 ? kept : kept | BACKING_FILE | (raw ? BACKING_RAW : 0),
        compatibleFeatures,
        autoclearFeatures,
        l1Offset,
        imageSize,
        bytes < 0 ? 0 : BYTES,
        Math.max(bytes, 0));
  }

  /** How many entries a table has. */
  int entries() {
    return clusterSize / Long.BYTES * tableSize;
  }

  /** The size of a table in bytes. */
  long tableBytes() {
    return (long) clusterSize * tableSize;
  }

  /** The disk's size in clusters. */
  long clusters() {
    return (imageSize + clusterSize - 1) / clusterSize;
  }

  /** Whether a cluster may lie there. */
  boolean isClusterPlace(long offset, long fileLength) {
    return offset >= headerSize * clusterSize && offset < fileLength && offset % clusterSize == 0;
  }

  /** Whether a table may lie there. */
  boolean isTablePlace(long offset, long fileLength) {
    return isClusterPlace(offset, fileLength)
        && offset <= Long.MAX_VALUE - tableBytes()
        && isClusterPlace(offset + tableBytes() - clusterSize, fileLength);
  }
}
