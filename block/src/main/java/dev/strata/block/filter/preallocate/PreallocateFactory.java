// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.preallocate;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/** The filter {@code preallocate}. */
public final class PreallocateFactory implements BlockDriverFactory {
  /** For the service loader. */
  public PreallocateFactory() {}

  @Override
  public String name() {
    return "preallocate";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(PreallocateOptions.ALIGNMENT, PreallocateOptions.SIZE);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child file = context.child("file", EdgeRole.FILTERED);
    PreallocateOptions amounts = PreallocateOptions.take(options, PreallocateOptions.DEFAULT);
    return new PreallocateDriver(file, amounts);
  }
}
