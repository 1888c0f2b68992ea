// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobListener;
import dev.strata.block.job.JobStatus;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.qmp.QmpEvents;

/** Tells clients what becomes of jobs. */
final class JobEvents implements JobListener {
  private final QmpEvents events;

  JobEvents(QmpEvents events) {
    this.events = events;
  }

  @Override
  public void statusChanged(Job job, JobStatus status) {
    events.emit(
        "JOB_STATUS_CHANGE", new JsonObject().put("status", status.word()).put("id", job.id()));
  }

  @Override
  public void pending(Job job) {
    if (job.isBlockJob()) {
      events.emit(
          "BLOCK_JOB_PENDING", new JsonObject().put("type", job.type()).put("id", job.id()));
    }
  }

  @Override
  public void ready(Job job, Job.Progress progress) {
    if (job.isBlockJob()) {
      events.emit("BLOCK_JOB_READY", data(job, progress));
    }
  }

  @Override
  public void failed(Job job, boolean write, ErrorAction action) {
    events.emit(
        "BLOCK_JOB_ERROR",
        new JsonObject()
            .put("device", job.id())
            .put("operation", write ? "write" : "read")
            .put("action", action.word()));
  }

  private static JsonObject data(Job job, Job.Progress progress) {
    return new JsonObject()
        .put("device", job.id())
        .put("len", progress.total())
        .put("offset", progress.current())
        .put("speed", progress.speed())
        .put("type", job.type());
  }

  @Override
  public void ended(Job job, Job.Progress progress, boolean cancelled) {
    if (!job.isBlockJob()) {
      return;
    }
    JsonObject data = data(job, progress);
    BlockException failure = progress.failure();
    if (failure != null) {
      data.put("error", failure.getMessage());
    }
    events.emit(cancelled ? "BLOCK_JOB_CANCELLED" : "BLOCK_JOB_COMPLETED", data);
  }
}
