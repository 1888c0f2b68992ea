// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Measurable;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.ChainWalk;
import java.util.Optional;

/** An image whose copy is measured: its status is that of its whole backing chain. Read-only. */
final class MeasuredImage implements Measurable.Source {
  private final BlockBackend image;
  private final ChainWalk walk;

  MeasuredImage(BlockBackend image) {
    this.image = image;
    this.walk = new ChainWalk(image, null, StatusDetail.ZEROES);
  }

  @Override
  public <C> Optional<C> capability(Class<C> type) {
    return image.node().capability(type);
  }

  @Override
  public long length() {
    return image.length();
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    image.read(offset, into, flags);
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    return walk.at(offset, length).extent();
  }
}
