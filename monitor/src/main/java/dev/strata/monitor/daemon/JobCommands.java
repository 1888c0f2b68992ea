// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import static dev.strata.monitor.daemon.Daemon.required;

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
}
