// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.compress;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.ImageInfo;
import java.util.Optional;

/**
 * Has what is written stored compressed. Only whole clusters can be: the graph pads requests up to
 * this driver's alignment.
 */
final class CompressDriver extends FilterDriver {

  CompressDriver(Child file) {
    super(file);
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
  public boolean reopens() {
    return false;
  }
}
