// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.Arrays;
import java.util.UUID;

/**
 * The options of a new image, and its creation.
 *
 * @param sectors the disk's size
 * @param forced whether the footer's size counts, not the geometry
 */
record VpcCreate(long sectors, DiskGeometry geometry, boolean forced, boolean fixed) {
  private static final int BLOCK = 2 << 20;
  private static final int HEADER_OFFSET = 512;
  private static final int TABLE_OFFSET = HEADER_OFFSET + DynamicHeader.BYTES;
  private static final int TABLE_PART = 1 << 20;

  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<String> SUBFORMAT =
      Option.string(
              "subformat",
              "Type of virtual hard disk format. Supported formats are {dynamic (default) | fixed}"
                  + " ")
          .suggesting("dynamic", "fixed");
  private static final Option<Boolean> FORCE_SIZE =
      Option.bool(
          "force_size",
          "Force disk size calculation to use the actual size specified, rather than using the"
              + " nearest CHS-based calculation");

  static final OptionSchema SCHEMA = OptionSchema.of(SIZE, SUBFORMAT, FORCE_SIZE);

  static VpcCreate take(BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    String subformat = options.take(SUBFORMAT, "dynamic");
    boolean forced = options.take(FORCE_SIZE, false);
    if (!subformat.equals("dynamic") && !subformat.equals("fixed")) {
      throw new BlockException(
          Errno.EINVAL, "Parameter 'subformat' does not accept value '" + subformat + "'");
    }
    long sectors = size < 0 ? Long.MAX_VALUE : (size + 511) / 512;
    if (sectors > DiskGeometry.MAX_SECTORS) {
      throw BlockException.of(Errno.EFBIG);
    }
    DiskGeometry geometry = forced ? DiskGeometry.LARGEST : DiskGeometry.holding(sectors);
    return new VpcCreate(
        geometry.isLargest() ? sectors : geometry.product(),
        geometry,
        forced,
        subformat.equals("fixed"));
  }

  void run(CreateContext context) throws BlockException {
    Child file = context.createFile();
    byte[] footer = new byte[VpcFooter.BYTES];
    UUID id = context.stamp().newId();
    new VpcFooter(
            fixed ? VpcFooter.NOWHERE : HEADER_OFFSET,
            forced ? "qem2" : "qemu",
            sectors * DynamicHeader.SECTOR,
            geometry,
            fixed ? VpcFooter.FIXED : VpcFooter.DYNAMIC)
        .encode(footer, context.stamp().now(), id);
    if (fixed) {
      file.truncate(sectors * DynamicHeader.SECTOR, false, Preallocation.OFF, 0);
      file.write(sectors * DynamicHeader.SECTOR, footer, 0);
    } else {
      writeDynamic(file, footer);
    }
  }

  private void writeDynamic(Child file, byte[] footer) throws BlockException {
    int perBlock = BLOCK / DynamicHeader.SECTOR;
    var header = new DynamicHeader(TABLE_OFFSET, (int) ((sectors + perBlock) / perBlock), BLOCK);
    byte[] unused = new byte[TABLE_PART];
    Arrays.fill(unused, (byte) 0xff);
    for (long at = TABLE_OFFSET; at < header.tableEnd(); at += TABLE_PART) {
      long part = Math.min(TABLE_PART, header.tableEnd() - at);
      file.write(at, IoVector.of(unused).slice(0, part), 0);
    }
    byte[] head = new byte[DynamicHeader.BYTES];
    header.encode(head);
    file.write(HEADER_OFFSET, head, 0);
    file.write(header.tableEnd(), footer, 0);
    // Last: a crash before leaves no image at all.
    file.write(0, footer, 0);
  }
}
