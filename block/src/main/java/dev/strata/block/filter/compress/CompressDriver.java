// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.compress;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import java.util.Optional;

/**
 * Has what is written stored compressed. Only whole clusters can be: the graph pads requests up to
 * this driver's alignment.
 */
final class CompressDriver extends FilterDriver {
  private final OpenContext context;

  CompressDriver(OpenContext context, Child file) {
    super(file);
    this.context = context;
  }

  @Override
  public Limits limits() {
    Limits below = file().limits();
    Optional<ImageInfo> info = file().capability(ImageInfo.class);
    long cluster = info.isPresent() ? info.get().clusterSize() : 0;
    int alignment = cluster > 0 ? Math.toIntExact(cluster) : below.requestAlignment();
    return below
        .withRequestAlignment(alignment)
        .withWriteFlags(below.writeFlags() & ~RequestFlags.COMPRESSED);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    super.write(offset, from, flags | RequestFlags.COMPRESSED);
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    throw new BlockException(
        Errno.EOPNOTSUPP,
        "Block format 'compress' used by node '"
            + context.nodeName()
            + "' does not support reopening files");
  }
}
