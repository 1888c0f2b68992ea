// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.Inspectable;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.driver.Streamable;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** The vmdk driver. */
public final class VmdkFactory implements BlockDriverFactory, Inspectable, Streamable {
  /** For the service loader. */
  public VmdkFactory() {}

  @Override
  public String name() {
    return "vmdk";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public OptionSchema createOptions() {
    return VmdkCreate.SCHEMA;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public boolean compresses() {
    return true;
  }

  @Override
  public boolean supportsBacking() {
    return true;
  }

  @Override
  public int probe(byte[] head, String filename) {
    int magic = head.length < 4 ? 0 : ByteBuffer.wrap(head).getInt();
    boolean found =
        magic == SparseHeader.MAGIC || magic == CowdHeader.MAGIC || VmdkDescriptor.isAt(head);
    return found ? 100 : 0;
  }

  @Override
  public void inspect(Child file, Consumer<SafetyFinding> found) throws BlockException {
    VmdkInspection.inspect(file, found);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return VmdkOpening.open(context);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    VmdkCreate.take(options).run(context);
  }

  @Override
  public ImageStream stream(BlockOptions options, boolean compressed, ImageStamp stamp)
      throws BlockException {
    return VmdkCreate.take(options).stream(stamp);
  }
}
