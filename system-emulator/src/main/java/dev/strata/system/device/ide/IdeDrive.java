// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.state.StateFields;

/**
 * A drive on a channel: what its commands do. All methods are called with the channel's lock held.
 */
abstract class IdeDrive {
  private static final int DEVICE_RESET = 0x08;

  final IdeChannel channel;
  private final GuestDrive drive;

  IdeDrive(IdeChannel channel, GuestDrive drive) {
    this.channel = channel;
    this.drive = drive;
  }

  /** Nobody waits for its requests any more. */
  final void abandon() {
    drive.abandon();
  }

  /** What the drive shows after a reset: see {@link TaskFile#signature}. */
  abstract int signature();

  /** The status after a reset. */
  abstract int statusAfterReset();

  /** Whether a request of it waits for the machine to go on. */
  final boolean isHeld() {
    return drive.heldRequests() > 0;
  }

  /** The status as it is read while its request waits so. */
  int statusWhileHeld() {
    return IdeChannel.BUSY;
  }

  /** Forgets what software has set. */
  abstract void reset();

  /** Whether a command resets this drive alone, even while it is busy. */
  boolean resetsItself() {
    return false;
  }

  /** What the drive waited for has come. */
  abstract void goOn();

  /** Makes the request to an image again that is under way. */
  abstract void askAgain();

  /**
   * Whether the command is such that it waits.
   *
   * @param asks for an image's answer, not for the guest
   */
  abstract boolean waits(boolean asks);

  /** What the drive remembers, also between the steps of a command. */
  abstract void state(StateFields state) throws BlockException;

  /** Begins a command that not all drives have, or refuses it. */
  abstract void ownCommand(int code, TaskFile file);

  /** Begins a command. {@code file} holds its parameters, and gets its results. */
  final void command(int code, TaskFile file) {
    if (code == DEVICE_RESET && resetsItself()) {
      channel.resetSelected();
      return;
    }
    if (channel.isBusy()) {
      return;
    }
    channel.still();
    switch (code) {
      case 0x90 -> { // a diagnosis
        file.signature(signature());
        channel.succeed();
        file.error = 1;
        file.status = statusAfterReset();
      }
      case 0xe5, 0x98 -> {
        file.count(0xff); // active or idle
        channel.succeed();
      }
      // Power states: nothing turns here.
      case 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x99 -> channel.succeed();
      default -> ownCommand(code, file);
    }
  }
}
