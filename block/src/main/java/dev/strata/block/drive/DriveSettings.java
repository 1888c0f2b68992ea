// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import dev.strata.block.driver.NodeFlags;

/**
 * What a user has said of a drive.
 *
 * @param errors what is done about failures, if its device leaves that to its drive
 * @param accountInvalid whether requests that make no sense count as use of the drive
 * @param accountFailed whether the time of requests that fail counts
 * @param media how the first medium is opened, if it is not there yet
 */
public record DriveSettings(
    ErrorPolicy errors, boolean accountInvalid, boolean accountFailed, NodeFlags media) {
  /** If nothing is said. */
  public static final DriveSettings DEFAULT =
      new DriveSettings(ErrorPolicy.DEFAULT, true, true, NodeFlags.READ_ONLY.withWritable(true));

  /** The same with other media. */
  public DriveSettings withMedia(NodeFlags flags) {
    return new DriveSettings(errors, accountInvalid, accountFailed, flags);
  }
}
