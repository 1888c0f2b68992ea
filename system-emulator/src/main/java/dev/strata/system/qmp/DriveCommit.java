// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.copy.LayerCommit;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.Emptiable;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.JobRegistry;
import java.util.EnumSet;
import java.util.List;

/** Moves what the uppermost image of a drive holds into its backing file. */
public final class DriveCommit {
  private final BlockGraph graph;
  private final JobRegistry jobs;

  /** In a graph whose nodes jobs may be busy with. */
  public DriveCommit(BlockGraph graph, JobRegistry jobs) {
    this.graph = graph;
    this.jobs = jobs;
  }

  /** Whether the drive's image has a backing file. */
  public static boolean isLayered(GuestDrive drive) {
    BlockBackend medium = drive.medium();
    return medium != null && medium.node().skipFilters().backing() != null;
  }

  /**
   * Does it; the guest's requests wait.
   *
   * @throws BlockException with the kind of the failure alone, if there is nothing more to say
   */
  public void run(GuestDrive drive) throws BlockException {
    BlockBackend medium = drive.medium();
    BlockNode top = medium == null ? null : medium.node().skipFilters();
    if (medium == null || top == null) {
      throw BlockException.of(Errno.ENOMEDIUM);
    }
    Edge backing = top.backing();
    if (backing == null) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    try {
      jobs.checkIdle(top);
    } catch (BlockException e) {
      throw BlockException.of(Errno.EBUSY).causedBy(e);
    }
    drive.quiesced(() -> shareAndCommit(medium, top, backing.node()));
  }

  /** As long as the guest's requests wait, others may write below its image. */
  private void shareAndCommit(BlockBackend medium, BlockNode top, BlockNode base)
      throws BlockException {
    Permissions before = medium.permissions();
    medium.change(new Permissions(before.needed(), EnumSet.allOf(Permission.class)));
    try {
      commit(medium, top, base);
    } finally {
      medium.change(before);
    }
  }

  private void commit(BlockBackend medium, BlockNode top, BlockNode base) throws BlockException {
    try (var commit = LayerCommit.prepare(medium, base, 1, 0, (done, total) -> {})) {
      commit.run();
    }
    Emptiable emptiable = top.capability(Emptiable.class).orElse(null);
    if (emptiable != null) {
      graph.quiesced(List.of(top), emptiable::makeEmpty);
    }
  }
}
