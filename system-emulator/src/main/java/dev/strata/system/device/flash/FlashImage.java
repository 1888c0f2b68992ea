// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.flash;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;

/**
 * What a flash chip holds.
 *
 * @param drive where it is kept
 * @param content as it was when the machine was made; its array is the machine's from then on
 * @param writable whether the chip may change it
 */
public record FlashImage(GuestDrive drive, byte[] content, boolean writable) {
  /** Changes what is kept. */
  void write(long offset, byte[] data) throws BlockException {
    BlockBackend image = drive.medium();
    if (image == null) {
      throw BlockException.of(Errno.ENOMEDIUM);
    }
    image.write(offset, IoVector.of(data), 0);
  }
}
