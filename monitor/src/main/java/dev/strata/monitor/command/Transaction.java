// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobGroup;
import dev.strata.block.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Actions that are carried out one after the other, and taken back in the opposite order if one
 * fails. What cannot be taken back waits for {@link #commit}. No request is in flight meanwhile.
 */
final class Transaction {
  /** A step, there or back. */
  private interface Step {
    void run() throws BlockException;
  }

  private final boolean grouped;
  private final Monitor monitor;
  private final BitmapCommands bitmaps;
  private final SnapshotCommands snapshots;
  private final InternalSnapshotCommands internal;
  private final BackupCommands backups;
  private final DriveCommands drives;
  private final ArrayDeque<Step> back = new ArrayDeque<>();
  private final List<Runnable> last = new ArrayList<>();
  private final List<Runnable> freezes = new ArrayList<>(); // which store the bitmaps that are left
  private final List<Job> jobs = new ArrayList<>();

  /**
   * Nothing has been done yet.
   *
   * @param grouped whether the jobs that it begins count together or not at all
   */
  Transaction(Monitor monitor, boolean grouped) {
    this.monitor = monitor;
    this.grouped = grouped;
    this.bitmaps = new BitmapCommands(monitor);
    this.snapshots = new SnapshotCommands(monitor);
    this.internal = new InternalSnapshotCommands(monitor);
    this.backups = new BackupCommands(monitor);
    this.drives = new DriveCommands(monitor);
  }

  /** Carries an action out as far as it can be taken back. */
  void prepare(String type, JsonObject data) throws BlockException {
    if (grouped && type.startsWith("block-dirty-bitmap-")) {
      throw JobArguments.invalid(
          "Action '" + type + "' does not support Transaction property completion-mode = grouped");
    }
    switch (type) {
      case "abort" -> throw JobArguments.invalid("Transaction aborted using Abort action");
      case "block-dirty-bitmap-add" -> {
        bitmaps.add(data);
        back.push(() -> bitmaps.remove(data));
      }
      case "block-dirty-bitmap-remove" -> {
        DirtyBitmap bitmap = bitmaps.findToChange(data, "name", true);
        bitmap.busy(true); // for the other actions it is as good as gone
        back.push(() -> bitmap.busy(false));
        BlockNode node = bitmaps.node(data); // a drive may have another one in the end
        last.add(() -> node.bitmaps().remove(bitmap));
      }
      case "block-dirty-bitmap-clear" -> {
        keepBits(bitmaps.findToChange(data, "name", false));
        bitmaps.clear(data);
      }
      case "block-dirty-bitmap-merge" -> {
        keepBits(bitmaps.findToChange(data, "target", false));
        bitmaps.merge(data);
      }
      case "block-dirty-bitmap-enable" -> enable(data, true);
      case "block-dirty-bitmap-disable" -> enable(data, false);
      case "blockdev-snapshot" -> {
        add(snapshots.take(data));
      }
      case "blockdev-snapshot-sync" -> {
        add(snapshots.make(data));
      }
      case "blockdev-snapshot-internal-sync" -> {
        internal.take(data);
        back.push(() -> internal.undo(data));
      }
      case "blockdev-backup" -> add(backups.create(data));
      case "drive-backup" -> add(drives.createBackup(data));
      default ->
          throw new BlockException(
              Errno.EOPNOTSUPP, "Strata does not support " + type + " in a transaction");
    }
  }

  private void add(SnapshotCommands.Taken taken) {
    back.push(() -> snapshots.undo(taken));
    freezes.add(() -> snapshots.freeze(taken));
  }

  private void add(Job job) {
    jobs.add(job);
    back.push(() -> monitor.jobs().drop(job));
  }

  private void keepBits(DirtyBitmap bitmap) {
    long[] before = bitmap.toWords();
    back.push(() -> bitmap.setWords(before));
  }

  private void enable(JsonObject data, boolean enabled) throws BlockException {
    DirtyBitmap bitmap = bitmaps.find(data, "name", false);
    boolean before = bitmap.enabled();
    bitmap.enable(enabled);
    back.push(() -> bitmap.enable(before));
  }

  /** Makes it count; jobs begin. */
  void commit() {
    last.forEach(Runnable::run);
    freezes.forEach(Runnable::run);
    monitor.jobs().start(jobs, grouped ? new JobGroup() : null);
  }

  /** Takes all back. */
  void abort(BlockException reason) {
    while (!back.isEmpty()) {
      try {
        back.pop().run();
      } catch (BlockException e) {
        reason.addSuppressed(e);
      }
    }
  }
}
