// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

/** What a guest's device hears of its medium; called without locks of the drive held. */
public interface DriveDevice {
  /** Another medium is inside, or none: what the guest can see of it now. */
  void mediumChanged();

  /**
   * Somebody wants the medium out that the guest has locked.
   *
   * @param forced whether it comes out at once, whatever the guest says
   */
  void ejectRequested(boolean forced);

  /** The medium has another length now. */
  default void resized() {}
}
