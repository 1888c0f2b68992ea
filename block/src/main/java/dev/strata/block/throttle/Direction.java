// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

/** What a request does: whatever changes a disk counts as a write. */
public enum Direction {
  READ,
  WRITE
}
