// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.Checkable.Repair;

/**
 * The part of a check that is about the snapshot table: it is read before references are counted,
 * leaving out what exceeds the limits if that may be repaired, and written anew behind it, when
 * refcounts can be relied on.
 */
final class SnapshotTableCheck {
  private final Qcow2Metadata metadata;
  private final Snapshots snapshots;
  private final Repair repair;
  private final Listener listener;
  private boolean damaged; // entries that stay are not as they should be
  private long corruptions;
  private long corruptionsFixed;

  SnapshotTableCheck(
      Qcow2Metadata metadata, Snapshots snapshots, Repair repair, Listener listener) {
    this.metadata = metadata;
    this.snapshots = snapshots;
    this.repair = repair;
    this.listener = listener;
  }

  /**
   * Reads the table and reports entries that are too short.
   *
   * @throws BlockException if that cannot be, which the listener knows then
   */
  void read() throws BlockException {
    Qcow2Header header = metadata.header().header();
    boolean all = repair == Repair.ALL;
    long overhanging = header.snapshotCount() - Qcow2Header.MAX_SNAPSHOTS;
    if (overhanging > 0 && !all) {
      throw failed(
          new BlockException(Errno.EFBIG, "ERROR snapshot table too large")
              .withHint(SnapshotTable.overhanging(overhanging)));
    }
    if (overhanging > 0) {
      listener.found("Discarding " + overhanging + " overhanging snapshots");
      corruptions += overhanging;
    }
    int count = (int) Math.min(header.snapshotCount(), Qcow2Header.MAX_SNAPSHOTS);
    try {
      Qcow2Open.checkTable(
          "ERROR snapshot table",
          header.snapshotsOffset(),
          count,
          SnapshotTable.FIXED,
          Long.MAX_VALUE,
          header.clusterSize());
    } catch (BlockException e) {
      throw failed(e);
    }
    try {
      SnapshotTable.Loaded table = snapshots.read(count, all ? listener : null);
      corruptions += table.overhanging() + table.shortened();
      damaged = table.shortened() > 0;
    } catch (BlockException e) {
      throw failed(e.during("ERROR failed to read the snapshot table"));
    }
    reportIncomplete();
  }

  private void reportIncomplete() {
    int index = 0;
    for (SnapshotEntry entry : snapshots.entries()) {
      if (metadata.header().header().version() >= 3 && !entry.isComplete()) {
        corruptions++;
        damaged = true;
        listener.found(
            (repair == Repair.ALL ? "Repairing" : "ERROR")
                + " snapshot table entry "
                + index
                + " is incomplete");
      }
      index++;
    }
  }

  private BlockException failed(BlockException reason) {
    listener.failed(reason);
    return reason;
  }

  /** Repairs what was found. */
  void finish() throws BlockException {
    if (repair != Repair.ALL || corruptions == 0) {
      return;
    }
    try {
      if (damaged) {
        snapshots.rewrite();
      } else {
        snapshots.forgetOthers();
      }
      corruptionsFixed = corruptions;
      corruptions = 0;
    } catch (BlockException e) {
      listener.found("ERROR failed to update snapshot table: " + e.getMessage());
      throw e;
    }
  }

  long corruptions() {
    return corruptions;
  }

  long corruptionsFixed() {
    return corruptionsFixed;
  }
}
