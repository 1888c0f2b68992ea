// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import static dev.strata.monitor.daemon.Daemon.flag;
import static dev.strata.monitor.daemon.Daemon.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.backup.BackupJob;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;

/** Jobs: what begins them, and what is asked of them. */
final class JobCommands {
  /** What carries an id and nothing else. */
  private interface Verb {
    void apply(String id) throws BlockException;
  }

  private final Daemon daemon;

  private JobCommands(Daemon daemon) {
    this.daemon = daemon;
  }

  static void contribute(Daemon daemon) {
    var own = new JobCommands(daemon);
    daemon.commands().add("query-jobs", own::query);
    own.verb("job-pause", daemon.jobs()::pause);
    own.verb("job-resume", daemon.jobs()::resume);
    own.verb("job-cancel", daemon.jobs()::cancel);
    own.verb("job-complete", daemon.jobs()::complete);
    own.verb("job-finalize", daemon.jobs()::finish);
    own.verb("job-dismiss", daemon.jobs()::dismiss);
    daemon.commands().add("blockdev-backup", own::backup);
  }

  private void verb(String name, Verb verb) {
    daemon
        .commands()
        .add(
            name,
            arguments -> {
              verb.apply(required(arguments, "id"));
              return new JsonObject();
            });
  }

  private JsonValue query(JsonObject arguments) {
    var jobs = new JsonArray();
    for (Job job : daemon.jobs().all()) {
      Job.Progress progress = daemon.jobs().progress(job);
      var json = new JsonObject();
      json.put("id", job.id());
      json.put("type", job.type());
      json.put("status", progress.status().word());
      json.put("current-progress", progress.current());
      json.put("total-progress", progress.total());
      if (progress.failure() != null) {
        json.put("error", progress.failure().getMessage());
      }
      jobs.add(json);
    }
    return jobs;
  }

  private JsonValue backup(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode source = daemon.node(device, device);
    String targetName = required(arguments, "target");
    BlockNode target = daemon.node(targetName, targetName);
    checkBackup(arguments);
    JobSettings settings = settings(arguments);
    daemon.jobs().checkIdle(target);
    daemon.jobs().checkIdle(source);
    daemon.jobs().checkNew(settings.id());
    BackupJob job = BackupJob.of(settings, source, target, arguments.string("filter-node-name"));
    daemon.jobs().start(job);
    return new JsonObject();
  }

  private static void checkBackup(JsonObject arguments) throws BlockException {
    String sync = required(arguments, "sync");
    if (sync.equals("bitmap") || sync.equals("incremental")) {
      if (!arguments.has("bitmap")) {
        throw invalid("must provide a valid bitmap name for '" + sync + "' sync mode");
      }
    } else if (arguments.has("bitmap") && !arguments.has("bitmap-mode")) {
      throw invalid("Bitmap sync mode must be given when providing a bitmap");
    } else if (arguments.has("bitmap-mode") && !arguments.has("bitmap")) {
      throw invalid("Cannot specify bitmap sync mode without a bitmap");
    }
    if (!sync.equals("full") || arguments.has("bitmap")) {
      throw unsupported(
          "a backup by sync=" + sync + (arguments.has("bitmap") ? " and a bitmap" : ""));
    }
    if (flag(arguments, "compress", false)) {
      throw unsupported("a backup that is compressed");
    }
    for (String option : new String[] {"on-source-error", "on-target-error"}) {
      String action = arguments.string(option);
      if (action != null && !action.equals("report")) {
        throw unsupported(option + "=" + action);
      }
    }
  }

  private static JobSettings settings(JsonObject arguments) throws BlockException {
    String id = arguments.string("job-id");
    long speed = arguments.get("speed") instanceof JsonNumber given ? given.bits() : 0;
    if (speed < 0) {
      throw invalid("Parameter 'speed' expects a non-negative value");
    }
    return new JobSettings(
        id == null ? "" : id,
        speed,
        flag(arguments, "auto-finalize", true),
        flag(arguments, "auto-dismiss", true));
  }

  private static BlockException invalid(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  private static BlockException unsupported(String what) {
    return new BlockException(Errno.EOPNOTSUPP, "Strata does not support " + what);
  }
}
