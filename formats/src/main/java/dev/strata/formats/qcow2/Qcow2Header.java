// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;

/**
 * The fixed part of a qcow2 header. All numbers are big-endian.
 *
 * @param version 2 or 3
 * @param backingFileOffset in bytes from the start of the file; 0 if there is no backing file
 * @param backingFileSize the name's length in bytes, at most 1023
 * @param clusterBits 9 to 21
 * @param size of the guest disk in bytes
 * @param cryptMethod 0 for none, 1 for AES, 2 for LUKS
 * @param l1Size entries of the active L1 table
 * @param refcountTableClusters the refcount table's size in clusters
 * @param incompatible {@link Feature} bits, 0 in version 2
 * @param refcountOrder log2 of the bits of a refcount, 0 to 6; 4 in version 2
 * @param headerLength in bytes; 72 in version 2
 * @param compressionType 0 for raw deflate, 1 for zstd
 * @see "QEMU docs/interop/qcow2.txt, Header"
 */
record Qcow2Header(
    int version,
    long backingFileOffset,
    int backingFileSize,
    int clusterBits,
    long size,
    int cryptMethod,
    int l1Size,
    long l1TableOffset,
    long refcountTableOffset,
    int refcountTableClusters,
    long snapshotCount,
    long snapshotsOffset,
    long incompatible,
    long compatible,
    long autoclear,
    int refcountOrder,
    int headerLength,
    int compressionType) {

  /** "QFI\xfb". */
  static final long MAGIC = 0x514649fbL;

  static final int V2_LENGTH = 72;
  static final int V3_LENGTH = 104;

  /** With the compression type. */
  static final int CURRENT_LENGTH = 112;

  static final int MIN_CLUSTER_BITS = 9;
  static final int MAX_CLUSTER_BITS = 21;

  /** The most bytes an L1 table may have, so that it fits into memory. */
  static final long MAX_L1_BYTES = 32L << 20;

  /** The most bytes a refcount table may have. */
  static final long MAX_REFCOUNT_TABLE_BYTES = 8L << 20;

  static final int MAX_SNAPSHOTS = 65536;

  /** Reads a header from the file's first {@link #CURRENT_LENGTH} bytes or more. */
  static Qcow2Header decode(byte[] head) throws BlockException {
    var in = StructReader.bigEndian(head);
    if (in.u32("magic") != MAGIC) { //                                          0
      throw new BlockException(Errno.EINVAL, "Image is not in qcow2 format");
    }
    long version = in.u32("version"); //                                        4
    if (version != 2 && version != 3) {
      throw new BlockException(Errno.EOPNOTSUPP, "Unsupported qcow2 version " + version);
    }
    long backingFileOffset = in.u64("backing_file_offset"); //                  8
    long backingFileSize = in.u32("backing_file_size"); //                     16
    long clusterBits = in.u32("cluster_bits"); //                              20
    if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
      throw new BlockException(Errno.EINVAL, "Unsupported cluster size: 2^" + clusterBits);
    }
    long size = in.u64("size"); //                                             24
    long cryptMethod = in.u32("crypt_method"); //                              32
    long l1Size = in.u32("l1_size"); //                                        36
    long l1TableOffset = in.u64("l1_table_offset"); //                         40
    long refcountTableOffset = in.u64("refcount_table_offset"); //             48
    long refcountTableClusters = in.u32("refcount_table_clusters"); //         56
    long snapshotCount = in.u32("nb_snapshots"); //                            60
    long snapshotsOffset = in.u64("snapshots_offset"); //                      64
    long incompatible = 0;
    long compatible = 0;
    long autoclear = 0;
    long refcountOrder = 4;
    long headerLength = V2_LENGTH;
    int compressionType = 0;
    if (version >= 3) {
      incompatible = in.u64("incompatible_features"); //                       72
      compatible = in.u64("compatible_features"); //                           80
      autoclear = in.u64("autoclear_features"); //                             88
      refcountOrder = in.u32("refcount_order"); //                             96
      headerLength = in.u32("header_length"); //                              100
      if (headerLength < V3_LENGTH) {
        throw new BlockException(Errno.EINVAL, "qcow2 header too short");
      }
      if (headerLength > V3_LENGTH) {
        compressionType = in.u8("compression_type"); //                       104
      }
    }
    if (headerLength > 1L << clusterBits) {
      throw new BlockException(Errno.EINVAL, "qcow2 header exceeds cluster size");
    }
    if (Long.compareUnsigned(backingFileOffset, 1L << clusterBits) > 0) {
      throw new BlockException(Errno.EINVAL, "Invalid backing file offset");
    }
    if (refcountOrder > 6) {
      throw new BlockException(
          Errno.EINVAL, "Reference count entry width too large; may not exceed 64 bits");
    }
    if (cryptMethod > 2) {
      throw new BlockException(Errno.EINVAL, "Unsupported encryption method " + cryptMethod);
    }
    int tableClusters = bounded(refcountTableClusters);
    return new Qcow2Header(
        (int) version,
        backingFileOffset,
        bounded(backingFileSize),
        (int) clusterBits,
        size,
        (int) cryptMethod,
        bounded(l1Size),
        l1TableOffset,
        refcountTableOffset,
        tableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        (int) refcountOrder,
        (int) headerLength,
        compressionType);
  }

  // What does not fit is larger than every limit that is checked later.
  private static int bounded(long value) {
    return (int) Math.min(value, Integer.MAX_VALUE);
  }

  /** Writes the fixed part; {@code out} is at the file's start. */
  void encode(StructWriter out) {
    out.u32(MAGIC);
    out.u32(version);
    out.u64(backingFileOffset);
    out.u32(backingFileSize);
    out.u32(clusterBits);
    out.u64(size);
    out.u32(cryptMethod);
    out.u32(l1Size);
    out.u64(l1TableOffset);
    out.u64(refcountTableOffset);
    out.u32(refcountTableClusters);
    out.u32(snapshotCount);
    out.u64(snapshotsOffset);
    if (version >= 3) {
      out.u64(incompatible);
      out.u64(compatible);
      out.u64(autoclear);
      out.u32(refcountOrder);
      out.u32(headerLength);
      if (headerLength > V3_LENGTH) {
        out.u8(compressionType);
        out.zeroes(7);
      }
    }
  }

  long clusterSize() {
    return 1L << clusterBits;
  }

  boolean extendedL2() {
    return (incompatible & Feature.EXTENDED_L2) != 0;
  }

  boolean externalDataFile() {
    return (incompatible & Feature.DATA_FILE) != 0;
  }

  Qcow2Header withFeatures(long incompatible, long compatible, long autoclear) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType);
  }

  Qcow2Header withSize(long size) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType);
  }

  Qcow2Header withL1(int l1Size, long l1TableOffset) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType);
  }

  Qcow2Header withRefcountTable(long refcountTableOffset, int refcountTableClusters) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType);
  }

  Qcow2Header withSnapshots(long snapshotCount, long snapshotsOffset) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType);
  }

  Qcow2Header withBacking(long backingFileOffset, int backingFileSize) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType);
  }

  /** As another version of the format; version 3 has the current length. */
  Qcow2Header withVersion(int version, int refcountOrder) {
    return new Qcow2Header(
        version,
        backingFileOffset,
        backingFileSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1TableOffset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        version >= 3 ? CURRENT_LENGTH : V2_LENGTH,
        compressionType);
  }
}
