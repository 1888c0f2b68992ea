// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.commit;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permissions;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/**
 * Stands between an overlay, which minds that what is below changes, and layers whose base is
 * written with what the overlay reads there anyway.
 */
final class CommitFilter extends FilterDriver {
  private CommitFilter(Child file) {
    super(file);
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    return Permissions.NONE;
  }

  /** Opens it. Users cannot: it is no service. */
  static final class Factory implements BlockDriverFactory {
    @Override
    public String name() {
      return "commit_top";
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
      return new CommitFilter(context.child("file", EdgeRole.FILTERED));
    }
  }
}
