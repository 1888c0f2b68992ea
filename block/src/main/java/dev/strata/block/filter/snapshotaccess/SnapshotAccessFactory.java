// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.snapshotaccess;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/** The driver {@code snapshot-access}. */
public final class SnapshotAccessFactory implements BlockDriverFactory {
  /** For the service loader. */
  public SnapshotAccessFactory() {}

  @Override
  public String name() {
    return "snapshot-access";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.VIEW;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return new SnapshotAccessDriver(context.child("file", EdgeRole.DATA));
  }
}
