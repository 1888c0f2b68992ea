// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

/**
 * A drive on a channel: what its commands do. All methods are called with the channel's lock held.
 */
interface IdeDrive {
  /** What the drive shows after a reset: see {@link TaskFile#signature}. */
  int signature();

  /** The status after a reset. */
  int statusAfterReset();

  /** Forgets what software has set. */
  void reset();

  /** Begins a command. {@code file} holds its parameters, and gets its results. */
  void command(int code, TaskFile file);
}
