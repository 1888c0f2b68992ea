// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/**
 * Whether a request failed that stopped the job, or the machine.
 *
 * @see "QEMU qapi/block-core.json, BlockDeviceIoStatus"
 */
public enum IoStatus {
  OK("ok"),
  FAILED("failed"),
  NOSPACE("nospace");

  private final String word;

  IoStatus(String word) {
    this.word = word;
  }

  /** As QMP says it. */
  public String word() {
    return word;
  }
}
