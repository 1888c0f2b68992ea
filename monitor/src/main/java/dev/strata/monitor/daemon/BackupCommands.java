// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import static dev.strata.monitor.daemon.Daemon.flag;
import static dev.strata.monitor.daemon.Daemon.required;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.backup.BackupJob;
import dev.strata.block.json.JsonObject;
import java.util.List;

/**
 * {@code blockdev-backup}.
 *
 * @see "QEMU qapi/block-core.json, blockdev-backup"
 */
final class BackupCommands {
  private final Daemon daemon;

  BackupCommands(Daemon daemon) {
    this.daemon = daemon;
  }

  static void contribute(Daemon daemon) {
    var own = new BackupCommands(daemon);
    daemon
        .commands()
        .add(
            "blockdev-backup",
            arguments -> {
              daemon.jobs().start(List.of(own.create(arguments)), null);
              return new JsonObject();
            });
  }

  /** A job that has not begun. */
  Job create(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode source = daemon.node(device, device);
    String targetName = required(arguments, "target");
    BlockNode target = daemon.node(targetName, targetName);
    checkBackup(arguments);
    JobSettings settings = JobArguments.settings(arguments);
    daemon.jobs().checkIdle(target);
    daemon.jobs().checkIdle(source);
    daemon.jobs().checkNew(settings.id());
    BackupJob job = BackupJob.of(settings, source, target, arguments.string("filter-node-name"));
    daemon.jobs().create(job);
    return job;
  }

  private static void checkBackup(JsonObject arguments) throws BlockException {
    String sync = required(arguments, "sync");
    if (sync.equals("bitmap") || sync.equals("incremental")) {
      if (!arguments.has("bitmap")) {
        throw JobArguments.invalid("must provide a valid bitmap name for '" + sync + "' sync mode");
      }
    } else if (arguments.has("bitmap") && !arguments.has("bitmap-mode")) {
      throw JobArguments.invalid("Bitmap sync mode must be given when providing a bitmap");
    } else if (arguments.has("bitmap-mode") && !arguments.has("bitmap")) {
      throw JobArguments.invalid("Cannot specify bitmap sync mode without a bitmap");
    }
    if (!sync.equals("full") || arguments.has("bitmap")) {
      throw JobArguments.unsupported(
          "a backup by sync=" + sync + (arguments.has("bitmap") ? " and a bitmap" : ""));
    }
    if (flag(arguments, "compress", false)) {
      throw JobArguments.unsupported("a backup that is compressed");
    }
    for (String option : new String[] {"on-source-error", "on-target-error"}) {
      String action = arguments.string(option);
      if (action != null && !action.equals("report")) {
        throw JobArguments.unsupported(option + "=" + action);
      }
    }
  }
}
