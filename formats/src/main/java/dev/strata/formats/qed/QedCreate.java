// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The options of a new image, and its creation. */
record QedCreate(
    long size,
    @Nullable String backingFile,
    @Nullable String backingFormat,
    int clusterSize,
    int tableSize) {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<String> BACKING_FILE =
      Option.string("backing_file", "File name of a base image");
  private static final Option<String> BACKING_FMT =
      Option.string("backing_fmt", "Image format of the base image");
  private static final Option<Long> CLUSTER_SIZE =
      Option.size("cluster_size", "Cluster size (in bytes)").orElse(65536L);
  private static final Option<Long> TABLE_SIZE =
      Option.size("table_size", "L1/L2 table size (in clusters)");

  static final OptionSchema SCHEMA =
      OptionSchema.of(SIZE, BACKING_FILE, BACKING_FMT, CLUSTER_SIZE, TABLE_SIZE);

  static QedCreate take(BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    String backingFile = options.take(BACKING_FILE);
    String backingFormat = options.take(BACKING_FMT);
    long clusterSize = options.take(CLUSTER_SIZE, 65536L);
    long tableSize = options.take(TABLE_SIZE, 4L);
    if (!QedHeader.isClusterSize(clusterSize)) {
      throw new BlockException(
          Errno.EINVAL,
          "QED cluster size must be within range ["
              + QedHeader.MIN_CLUSTER
              + ", "
              + QedHeader.MAX_CLUSTER
              + "] and power of 2");
    }
    if (!QedHeader.isTableSize(tableSize)) {
      throw new BlockException(
          Errno.EINVAL,
          "QED table size must be within range [1, " + QedHeader.MAX_TABLE + "] and power of 2");
    }
    // In 64 bits, as the reference computes it: what it would refuse to open is not made.
    long entries = clusterSize * tableSize / Long.BYTES;
    long most = entries * entries * clusterSize;
    if (size < 0 || Long.compareUnsigned(size, most) > 0 || size > Long.MAX_VALUE - 511) {
      throw new BlockException(
          Errno.EINVAL,
          "QED image size must be a non-zero multiple of cluster size and less than "
              + Long.toUnsignedString(most)
              + " bytes");
    }
    if (backingFile != null
        && backingFile.getBytes(StandardCharsets.UTF_8).length > QedHeader.MAX_NAME) {
      throw new BlockException(Errno.EINVAL, "Backing file name too long");
    }
    return new QedCreate(
        (size + 511) & -512, backingFile, backingFormat, (int) clusterSize, (int) tableSize);
  }

  /** Writes a header and an L1 table without entries. */
  void run(CreateContext context) throws BlockException {
    Child file = context.createFile();
    byte[] name = backingFile == null ? new byte[0] : backingFile.getBytes(StandardCharsets.UTF_8);
    QedHeader header =
        new QedHeader(clusterSize, tableSize, 1, 0, 0, 0, clusterSize, size, 0, 0)
            .withBacking(backingFile == null ? -1 : name.length, "raw".equals(backingFormat));
    file.truncate(clusterSize + header.tableBytes(), false, Preallocation.OFF, 0);
    if (!file.readsZeroAfterCreate()) {
      file.writeZeroes(0, clusterSize + header.tableBytes(), 0);
    }
    file.write(0, IoVector.of(header.encode()).followedBy(IoVector.of(name)), 0);
  }
}
