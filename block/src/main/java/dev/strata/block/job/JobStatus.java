// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/**
 * How far a job is.
 *
 * @see "QEMU qapi/job.json, JobStatus"
 */
public enum JobStatus {
  CREATED("created"),
  RUNNING("running"),
  PAUSED("paused"),
  READY("ready"),
  STANDBY("standby"),
  WAITING("waiting"),
  PENDING("pending"),
  ABORTING("aborting"),
  CONCLUDED("concluded"),
  NULL("null");

  private final String word;

  JobStatus(String word) {
    this.word = word;
  }

  /** As QMP says it. */
  public String word() {
    return word;
  }

  /** Whether it has begun, has not ended, and does not stand still. */
  boolean isAtWork() {
    return this == RUNNING || this == READY;
  }

  /** Whether a user may ask for that in this state. */
  boolean allows(JobVerb verb) {
    return switch (verb) {
      case CANCEL ->
          switch (this) {
            case CREATED, RUNNING, PAUSED, READY, STANDBY, WAITING, PENDING -> true;
            case ABORTING, CONCLUDED, NULL -> false;
          };
      case PAUSE, RESUME, SET_SPEED ->
          switch (this) {
            case CREATED, RUNNING, PAUSED, READY, STANDBY -> true;
            case WAITING, PENDING, ABORTING, CONCLUDED, NULL -> false;
          };
      case COMPLETE -> this == READY || this == STANDBY;
      case FINALIZE -> this == PENDING;
      case DISMISS -> this == CONCLUDED;
    };
  }
}
