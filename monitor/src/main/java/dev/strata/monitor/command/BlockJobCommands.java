// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.job.Job;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.qmp.QmpException;

/**
 * What is asked of block jobs by the commands that are older than those of all jobs.
 *
 * @see "QEMU qapi/block-core.json, block-job-*"
 */
final class BlockJobCommands {
  /** What is done with a job. */
  private interface Verb {
    void apply(String id, JsonObject arguments) throws BlockException;
  }

  private final Monitor monitor;

  private BlockJobCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new BlockJobCommands(monitor);
    monitor.commands().add("query-block-jobs", arguments -> own.query());
    own.verb(
        "block-job-set-speed",
        "device",
        (id, arguments) -> monitor.jobs().speed(id, JobArguments.speed(arguments)));
    own.verb("block-job-cancel", "device", own::cancel);
    own.verb("block-job-pause", "device", (id, arguments) -> monitor.jobs().pause(id));
    own.verb("block-job-resume", "device", (id, arguments) -> monitor.jobs().resume(id));
    own.verb("block-job-complete", "device", (id, arguments) -> monitor.jobs().complete(id));
    own.verb("block-job-finalize", "id", (id, arguments) -> monitor.jobs().finish(id));
    own.verb("block-job-dismiss", "id", (id, arguments) -> monitor.jobs().dismiss(id));
  }

  private void verb(String command, String member, Verb verb) {
    monitor
        .commands()
        .add(
            command,
            arguments -> {
              String id = required(arguments, member);
              Job job = monitor.jobs().find(id);
              if (job == null || !job.isBlockJob()) {
                throw new QmpException("DeviceNotActive", "Block job '" + id + "' not found");
              }
              verb.apply(id, arguments);
              return new JsonObject();
            });
  }

  private void cancel(String id, JsonObject arguments) throws BlockException {
    if (flag(arguments, "force", false)) {
      monitor.jobs().cancel(id);
      return;
    }
    Job job = monitor.jobs().find(id);
    if (job != null && monitor.jobs().progress(job).paused()) {
      throw JobArguments.invalid("The block job for device '" + id + "' is currently paused");
    }
    monitor.jobs().cancelSoftly(id);
  }

  private JsonValue query() {
    var jobs = new JsonArray();
    for (Job job : monitor.jobs().all()) {
      if (job.isBlockJob()) {
        jobs.add(describe(job));
      }
    }
    return jobs;
  }

  private JsonObject describe(Job job) {
    Job.Progress progress = monitor.jobs().progress(job);
    var json = new JsonObject();
    json.put("auto-finalize", job.settings().autoFinalize());
    json.put("io-status", progress.ioStatus().word());
    json.put("device", job.id());
    json.put("auto-dismiss", job.settings().autoDismiss());
    json.put("busy", progress.busy());
    json.put("len", progress.total());
    json.put("offset", progress.current());
    json.put("status", progress.status().word());
    json.put("paused", progress.paused());
    json.put("speed", progress.speed());
    json.put("ready", progress.ready());
    json.put("type", job.type());
    if (progress.failure() != null) {
      json.put("error", progress.failure().getMessage());
    }
    return json;
  }
}
