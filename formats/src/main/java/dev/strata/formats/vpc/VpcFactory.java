// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.table.EntryTable;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The vpc driver. */
public final class VpcFactory implements BlockDriverFactory {
  private static final Option<String> FORCE_SIZE_CALC =
      Option.string(
          "force_size_calc",
          "Force disk size calculation to use either CHS geometry, or use the disk current_size"
              + " specified in the VHD footer. {chs, current_size}");

  /** For the service loader. */
  public VpcFactory() {}

  @Override
  public String name() {
    return "vpc";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(FORCE_SIZE_CALC);
  }

  @Override
  public OptionSchema createOptions() {
    return VpcCreate.SCHEMA;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(FORCE_SIZE_CALC.name());
  }

  @Override
  public int probe(byte[] head, String filename) {
    return VpcFooter.isAt(head) ? 100 : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    String calculation = options.take(FORCE_SIZE_CALC);
    Child file = context.child("file", EdgeRole.IMAGE);
    byte[] bytes = new byte[VpcFooter.BYTES];
    file.read(0, bytes, 0);
    boolean dynamic = VpcFooter.isAt(bytes);
    if (!dynamic) {
      if (file.length() < VpcFooter.BYTES) {
        throw new BlockException(EINVAL, "File too small for a VHD header");
      }
      file.read(file.length() - VpcFooter.BYTES, bytes, 0);
      if (!VpcFooter.isAt(bytes) || VpcFooter.decode(bytes).type() != VpcFooter.FIXED) {
        throw new BlockException(EINVAL, "invalid VPC image");
      }
    }
    VpcFooter footer = VpcFooter.decode(bytes);
    long length = length(footer, calculation);
    return dynamic
        ? openDynamic(context, file, footer, bytes, length)
        : new FixedVpcImage(context, file, length);
  }

  /** The disk's size in bytes, as the footer's maker counted it or the user wants it counted. */
  private static long length(VpcFooter footer, @Nullable String calculation) throws BlockException {
    boolean stated =
        switch (calculation == null ? "" : calculation) {
          case "" -> footer.statesItsSize();
          case "chs" -> footer.geometry().isLargest();
          case "current_size" -> true;
          default ->
              throw new BlockException(
                  EINVAL, "Invalid size calculation mode: '" + calculation + "'");
        };
    long sectors = stated ? footer.currentSize() >>> 9 : footer.geometry().product();
    if (sectors > DiskGeometry.MAX_SECTORS) {
      throw BlockException.of(dev.strata.block.Errno.EFBIG);
    }
    return sectors * DynamicHeader.SECTOR;
  }

  private static BlockDriver openDynamic(
      OpenContext context, Child file, VpcFooter footer, byte[] footerBytes, long length)
      throws BlockException {
    if (footer.dataOffset() < 0 || footer.dataOffset() > file.length()) {
      throw new BlockException(EINVAL, "Invalid header magic");
    }
    byte[] bytes = new byte[DynamicHeader.BYTES];
    file.read(footer.dataOffset(), bytes, 0);
    DynamicHeader header = DynamicHeader.decode(bytes);
    if ((long) header.entries() * header.blockSize() < length) {
      throw new BlockException(EINVAL, "Page table too small");
    }
    var bat =
        new EntryTable(
            file,
            context.buffers(),
            header.tableOffset(),
            header.entries(),
            4,
            ByteOrder.BIG_ENDIAN);
    BlockArea area = BlockArea.of(file, header, footerBytes, bat);
    return new VpcImage(context, file, header, length, bat, area);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    VpcCreate.take(options).run(context);
  }
}
