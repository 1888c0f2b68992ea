// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/**
 * What was done about a request of a job that failed.
 *
 * @see "QEMU qapi/block-core.json, BlockErrorAction"
 */
public enum ErrorAction {
  /** The job fails. */
  REPORT("report"),
  /** The job goes on. */
  IGNORE("ignore"),
  /** The job is paused as if by a user; resumed, it tries again. */
  STOP("stop");

  private final String word;

  ErrorAction(String word) {
    this.word = word;
  }

  /** As QMP says it. */
  public String word() {
    return word;
  }
}
