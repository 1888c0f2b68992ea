// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.compress;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/** The filter {@code compress}. */
public final class CompressFactory implements BlockDriverFactory {
  /** For the service loader. */
  public CompressFactory() {}

  @Override
  public String name() {
    return "compress";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child file = context.child("file", EdgeRole.FILTERED);
    if (!RequestFlags.has(file.limits().writeFlags(), RequestFlags.COMPRESSED)) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Compression is not supported for underlying format: " + file.driverName());
    }
    return new CompressDriver(file);
  }
}
