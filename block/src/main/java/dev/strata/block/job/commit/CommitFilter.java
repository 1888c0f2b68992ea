// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.commit;

import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.Permissions;
import dev.strata.block.job.JobFilterFactory;

/**
 * Stands between an overlay, which minds that what is below changes, and layers whose base is
 * written with what the overlay reads there anyway.
 */
final class CommitFilter extends FilterDriver {
  private static final String NAME = "commit_top";

  private CommitFilter(Child file) {
    super(file);
  }

  /** Its driver. */
  static BlockDriverFactory driver() {
    return new JobFilterFactory<>(
        NAME, context -> new CommitFilter(context.child("file", EdgeRole.FILTERED)));
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    return Permissions.NONE;
  }
}
