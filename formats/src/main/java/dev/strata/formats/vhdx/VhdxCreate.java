// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The options of a new image, and its creation.
 *
 * @param blockStateZero whether blocks that have no place are zeroes, or nothing is said of them
 */
record VhdxCreate(VhdxMetadata metadata, long logSize, boolean fixed, boolean blockStateZero) {
  private static final long MIB = 1 << 20;
  private static final long GIB = 1L << 30;

  /** Between the metadata and the first block, as the reference leaves it. */
  private static final long GAP = 4 * MIB;

  private static final long METADATA_LENGTH = MIB;
  private static final int BAT_PART = 1 << 20;
  private static final String CREATOR = "Strata";

  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size; max of 64TB.");
  private static final Option<Long> LOG_SIZE =
      Option.size("log_size", "Log size; min 1MB.").orElse(MIB);
  private static final Option<Long> BLOCK_SIZE =
      Option.size(
              "block_size",
              "Block Size; min 1MB, max 256MB. 0 means auto-calculate based on image size.")
          .orElse(0L);
  private static final Option<String> SUBFORMAT =
      Option.string(
              "subformat",
              "VHDX format type, can be either 'dynamic' or 'fixed'. Default is 'dynamic'.")
          .suggesting("dynamic", "fixed");
  private static final Option<Boolean> BLOCK_STATE_ZERO =
      Option.bool(
          "block_state_zero",
          "Force use of payload blocks of type 'ZERO'. Non-standard, but default.  Do not set to"
              + " 'off' when using 'qemu-img convert' with subformat=dynamic.");

  static final OptionSchema SCHEMA =
      OptionSchema.of(SIZE, LOG_SIZE, BLOCK_SIZE, SUBFORMAT, BLOCK_STATE_ZERO);

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  static VhdxCreate take(BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    long logSize = options.take(LOG_SIZE, MIB);
    long blockSize = options.take(BLOCK_SIZE, 0L);
    String subformat = options.take(SUBFORMAT, "dynamic");
    boolean blockStateZero = options.take(BLOCK_STATE_ZERO, true);
    if (!subformat.equals("dynamic") && !subformat.equals("fixed")) {
      throw wrong("Parameter 'subformat' does not accept value '" + subformat + "'");
    }
    if (size < 0 || size > VhdxMetadata.MAX_SIZE) {
      throw wrong("Image size too large; max of 64TB");
    }
    size = (size + 511) & -512;
    if (logSize < 0 || logSize > 4 * GIB - MIB) {
      throw wrong("Log size must be smaller than 4 GB");
    }
    if (logSize == 0) {
      throw wrong("Log size must be a multiple of 1 MB");
    }
    logSize = (logSize + MIB - 1) / MIB * MIB;
    if (blockSize < 0 || blockSize > VhdxMetadata.MAX_BLOCK) {
      blockSize = VhdxMetadata.MAX_BLOCK;
    }
    blockSize = blockSize == 0 ? usualBlockSize(size) : (blockSize + MIB - 1) / MIB * MIB;
    if (Long.bitCount(blockSize) != 1) {
      throw wrong("Block size must be a power of two");
    }
    return new VhdxCreate(
        new VhdxMetadata((int) blockSize, size, 512),
        logSize,
        subformat.equals("fixed"),
        blockStateZero);
  }

  private static long usualBlockSize(long size) {
    if (size > 32 * 1024 * GIB) {
      return 64 * MIB;
    }
    if (size > 100 * GIB) {
      return 32 * MIB;
    }
    return size > GIB ? 16 * MIB : 8 * MIB;
  }

  void run(CreateContext context) throws BlockException {
    Child file = context.createFile();
    long batOffset = MIB + logSize;
    long batLength = Math.max(MIB, (metadata.batEntries() * 8 + MIB - 1) / MIB * MIB);
    var regions = new Regions(batOffset, batLength, batOffset + batLength, METADATA_LENGTH);
    long payload = regions.metadataOffset() + METADATA_LENGTH + GAP;
    long end = fixed ? payload + metadata.blocks() * metadata.blockSize() : payload;
    file.truncate(end, false, Preallocation.OFF, 0);
    if (!file.readsZeroAfterCreate()) {
      file.writeZeroes(0, end, 0);
    }
    writeBat(file, batOffset, payload);
    byte[] items = metadata.encode(Guid.of(context.stamp().newId()), fixed);
    file.write(regions.metadataOffset(), items, 0);
    file.write(Regions.FIRST_POSITION, regions.encode(), 0);
    file.write(Regions.SECOND_POSITION, regions.encode(), 0);
    writeHeaders(context, file);
  }

  private void writeHeaders(CreateContext context, Child file) throws BlockException {
    Guid fileId = Guid.of(context.stamp().newId());
    Guid dataId = Guid.of(context.stamp().newId());
    var first = new VhdxHeader(1, fileId, dataId, Guid.ZERO, logSize, MIB);
    file.write(VhdxHeader.FIRST_POSITION, first.encode(), 0);
    VhdxHeader second = first.next(fileId, dataId, Guid.ZERO);
    file.write(VhdxHeader.SECOND_POSITION, second.encode(), 0);
    // Last: a crash before leaves no image at all.
    byte[] creator = CREATOR.getBytes(StandardCharsets.UTF_16LE);
    file.write(0, IoVector.of(VhdxImage.SIGNATURE).followedBy(IoVector.of(creator)), 0);
  }

  private void writeBat(Child file, long batOffset, long payload) throws BlockException {
    if (!fixed && !blockStateZero) {
      return; // NOT_PRESENT is 0
    }
    long entries = metadata.batEntries();
    int ratio = metadata.chunkRatio();
    byte[] bytes = new byte[(int) Math.min(BAT_PART, entries * 8)];
    ByteBuffer part = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long i = 0; i < entries; ) {
      part.clear();
      long from = i;
      for (; i < entries && part.hasRemaining(); i++) {
        part.putLong(entry(i, ratio, payload));
      }
      file.write(batOffset + from * 8, IoVector.of(bytes).slice(0, part.position()), 0);
    }
  }

  private long entry(long index, int ratio, long payload) {
    if (index % (ratio + 1L) == ratio) {
      return BatEntry.NOT_PRESENT; // of a bitmap of sectors, which only images with parents have
    }
    long block = index - index / (ratio + 1L);
    return fixed ? BatEntry.present(payload + block * metadata.blockSize()) : BatEntry.ZERO;
  }
}
