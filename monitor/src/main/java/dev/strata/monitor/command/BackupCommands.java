// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.backup.BackupJob;
import dev.strata.block.job.backup.BackupPlan;
import dev.strata.block.json.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code blockdev-backup}.
 *
 * @see "QEMU qapi/block-core.json, blockdev-backup"
 */
final class BackupCommands {
  private static final long DEFAULT_WORKERS = 64;

  private final Monitor monitor;

  BackupCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new BackupCommands(monitor);
    monitor
        .commands()
        .add(
            "blockdev-backup",
            arguments -> {
              monitor.jobs().start(List.of(own.create(arguments)), null);
              return new JsonObject();
            });
  }

  /** A job that has not begun. */
  Job create(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode source = monitor.node(device, device);
    String targetName = required(arguments, "target");
    return create(arguments, source, monitor.node(targetName, targetName));
  }

  /** The same of a target that is open. */
  Job create(JsonObject arguments, BlockNode source, BlockNode target) throws BlockException {
    JobSettings settings = JobArguments.settings(monitor, arguments, source);
    checkBitmapArguments(arguments);
    JsonObject performance =
        arguments.get("x-perf") instanceof JsonObject given ? given : new JsonObject();
    if (flag(performance, "use-copy-range", false)) {
      throw JobArguments.unsupported("a backup with use-copy-range");
    }
    long workers = JobArguments.number(performance, "max-workers", DEFAULT_WORKERS);
    if (workers < 1 || workers > Integer.MAX_VALUE) {
      throw JobArguments.invalid("max-workers must be between 1 and " + Integer.MAX_VALUE);
    }
    long chunk = JobArguments.number(performance, "max-chunk", 0);
    if (chunk < 0) {
      throw JobArguments.invalid("max-chunk must be zero (which means no limit) or positive");
    }
    var plan =
        new BackupPlan(
            source,
            target,
            sync(arguments, source),
            bitmap(arguments, source),
            bitmapMode(arguments),
            flag(arguments, "compress", false),
            JobArguments.onError(arguments, "on-source-error"),
            JobArguments.onError(arguments, "on-target-error"),
            arguments.string("filter-node-name"),
            (int) workers,
            chunk);
    monitor.jobs().checkIdle(target);
    monitor.jobs().checkIdle(source);
    monitor.jobs().checkNew(settings.id());
    BackupJob job = BackupJob.of(settings, plan);
    monitor.jobs().create(job);
    return job;
  }

  private static void checkBitmapArguments(JsonObject arguments) throws BlockException {
    String sync = required(arguments, "sync");
    boolean dirty = sync.equals("bitmap") || sync.equals("incremental");
    if (dirty && !arguments.has("bitmap")) {
      throw JobArguments.invalid("must provide a valid bitmap name for '" + sync + "' sync mode");
    }
    String mode = arguments.string("bitmap-mode");
    if (sync.equals("incremental") && mode != null && !mode.equals("on-success")) {
      throw JobArguments.invalid(
          "Bitmap sync mode must be 'on-success' when using sync mode 'incremental'");
    }
    if (!arguments.has("bitmap") && mode != null) {
      throw JobArguments.invalid("Cannot specify bitmap sync mode without a bitmap");
    }
  }

  private @Nullable DirtyBitmap bitmap(JsonObject arguments, BlockNode source)
      throws BlockException {
    String name = arguments.string("bitmap");
    if (name == null) {
      return null;
    }
    DirtyBitmap bitmap = source.bitmaps().find(name);
    if (bitmap == null) {
      throw new BlockException(Errno.ENOENT, "Bitmap '" + name + "' could not be found");
    }
    String sync = required(arguments, "sync");
    String mode = arguments.string("bitmap-mode");
    if (mode == null && !sync.equals("incremental")) {
      throw JobArguments.invalid("Bitmap sync mode must be given when providing a bitmap");
    }
    bitmap.checkUsable();
    if (sync.equals("none")) {
      throw JobArguments.invalid("sync mode 'none' does not produce meaningful bitmap outputs");
    }
    if ("never".equals(mode) && (sync.equals("full") || sync.equals("top"))) {
      throw JobArguments.invalid(
          "Bitmap sync mode 'never' has no meaningful effect when combined with sync mode '"
              + sync
              + "'");
    }
    return bitmap;
  }

  private static BackupPlan.Sync sync(JsonObject arguments, BlockNode source) {
    return switch (required(arguments, "sync")) {
      case "top" ->
          source.skipFilters().backing() == null ? BackupPlan.Sync.FULL : BackupPlan.Sync.TOP;
      case "none" -> BackupPlan.Sync.NONE;
      case "bitmap", "incremental" -> BackupPlan.Sync.BITMAP;
      default -> BackupPlan.Sync.FULL;
    };
  }

  private static BackupPlan.BitmapMode bitmapMode(JsonObject arguments) {
    String mode = arguments.string("bitmap-mode");
    return switch (mode == null ? "on-success" : mode) {
      case "always" -> BackupPlan.BitmapMode.ALWAYS;
      case "never" -> BackupPlan.BitmapMode.NEVER;
      default -> BackupPlan.BitmapMode.ON_SUCCESS;
    };
  }
}
