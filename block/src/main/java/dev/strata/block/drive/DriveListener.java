// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import dev.strata.block.BlockException;
import dev.strata.block.job.ErrorAction;

/**
 * Hears what befalls a drive; on any thread, at times with a device's lock held: it does not wait.
 */
public interface DriveListener {
  /** Hears, and does nothing. */
  DriveListener NOBODY =
      new DriveListener() {
        @Override
        public void failed(GuestDrive drive, Access access, ErrorAction action, BlockException e) {}

        @Override
        public void trayMoved(GuestDrive drive, boolean open) {}
      };

  /** A request has failed; with {@link ErrorAction#STOP}, the machine is to stop. */
  void failed(GuestDrive drive, Access access, ErrorAction action, BlockException why);

  /** The tray is open now, or closed. */
  void trayMoved(GuestDrive drive, boolean open);
}
