// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.Optional;

/** The filter {@code copy-before-write}. */
public final class CopyBeforeWriteFactory implements BlockDriverFactory {
  private static final long MIN_CLUSTER = 1 << 16;

  /** For the service loader. */
  public CopyBeforeWriteFactory() {}

  @Override
  public String name() {
    return "copy-before-write";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(
        Option.string("bitmap.node", "node of the bitmap that says what is kept"),
        Option.string("bitmap.name", "bitmap that says what is kept"),
        Option.string(CopyBeforeWriteOptions.ON_ERROR, "what a copy that fails breaks")
            .suggesting("break-guest-write", "break-snapshot"),
        Option.number(CopyBeforeWriteOptions.TIMEOUT, "seconds that a copy may take"));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child file = context.optionalChild("file", EdgeRole.FILTERED);
    if (file == null) {
      throw CopyBeforeWriteOptions.missing("file");
    }
    CopyBeforeWriteOptions given = CopyBeforeWriteOptions.take(options);
    Child target = context.child("target", EdgeRole.DATA);
    DirtyBitmap wanted = null;
    if (given.bitmapNode() != null && given.bitmapName() != null) {
      wanted = context.bitmap(given.bitmapNode(), given.bitmapName());
    }
    Optional<ImageInfo> info = target.capability(ImageInfo.class);
    long cluster = Math.max(MIN_CLUSTER, info.isPresent() ? info.get().clusterSize() : 0);
    var areas = new SnapshotAreas(file.length(), cluster, wanted);
    return new CopyBeforeWriteDriver(context, file, target, areas, given);
  }
}
