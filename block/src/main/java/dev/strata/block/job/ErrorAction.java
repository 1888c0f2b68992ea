// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/**
 * What was done about a request that failed, of a job or of a guest.
 *
 * @see "QEMU qapi/block-core.json, BlockErrorAction"
 */
public enum ErrorAction {
  /** The job fails, or the guest is told. */
  REPORT("report"),
  /** All goes on as if the request had succeeded. */
  IGNORE("ignore"),
  /** The job is paused as if by a user, or the machine; resumed, the request is made again. */
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
