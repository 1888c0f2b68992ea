// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Measurable;
import dev.strata.block.graph.BlockBackend;
import java.util.Optional;

/** An image whose copy is measured. Read-only. */
record ReadSource(BlockBackend image) implements Measurable.Source {
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
    return image.statusAbove(null, offset, length, detail).extent();
  }
}
