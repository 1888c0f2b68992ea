// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/** How a job that is ready comes to its end. */
public enum JobEnding {
  /** As it was meant: what it made is used from then on. */
  COMPLETE,
  /** What it made is whole, and left alone. */
  CANCEL
}
