// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.job.Job;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;

/** Jobs: what begins them, and what is asked of them. */
final class JobCommands {
  /** What carries an id and nothing else. */
  private interface Verb {
    void apply(String id) throws BlockException;
  }

  private final Monitor monitor;

  private JobCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new JobCommands(monitor);
    monitor.commands().add("query-jobs", own::query);
    own.verb("job-pause", monitor.jobs()::pause);
    own.verb("job-resume", monitor.jobs()::resume);
    own.verb("job-cancel", monitor.jobs()::cancel);
    own.verb("job-complete", monitor.jobs()::complete);
    own.verb("job-finalize", monitor.jobs()::finish);
    own.verb("job-dismiss", monitor.jobs()::dismiss);
  }

  private void verb(String name, Verb verb) {
    monitor
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
    for (Job job : monitor.jobs().all()) {
      Job.Progress progress = monitor.jobs().progress(job);
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
}
