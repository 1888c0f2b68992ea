// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/**
 * What a user asks of a job.
 *
 * @see "QEMU qapi/job.json, JobVerb"
 */
enum JobVerb {
  CANCEL("cancel"),
  PAUSE("pause"),
  RESUME("resume"),
  SET_SPEED("set-speed"),
  COMPLETE("complete"),
  DISMISS("dismiss"),
  FINALIZE("finalize");

  private final String word;

  JobVerb(String word) {
    this.word = word;
  }

  /** As messages say it. */
  String word() {
    return word;
  }
}
