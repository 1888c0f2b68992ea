// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copyonread;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.LayerStatus;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;

/** The filter {@code copy-on-read}. */
public final class CopyOnReadFactory implements BlockDriverFactory {
  private static final Option<String> BOTTOM =
      Option.string("bottom", "node below which nothing is copied");

  /** For the service loader. */
  public CopyOnReadFactory() {}

  @Override
  public String name() {
    return "copy-on-read";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(BOTTOM);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child file = context.child("file", EdgeRole.FILTERED);
    String bottom = options.take(BOTTOM);
    if (!context.flags().writable()) {
      throw new BlockException(Errno.EPERM, "Block node is read-only");
    }
    LayerStatus layers = bottom == null ? null : context.layersDownTo(file, bottom);
    return new CopyOnReadDriver(file, layers, context.buffers());
  }
}
