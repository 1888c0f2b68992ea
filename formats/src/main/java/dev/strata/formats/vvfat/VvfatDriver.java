// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.ReadOnlyIo;
import java.io.IOException;

/** An open folder, which is only read. */
final class VvfatDriver implements BlockDriver, ReadOnlyIo {
  private final FatVolume volume;
  private final HostFiles files;

  /** The files are closed with the driver. */
  VvfatDriver(FatVolume volume, HostFiles files) {
    this.volume = volume;
    this.files = files;
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(FatLayout.SECTOR);
  }

  @Override
  public long length() {
    return volume.length();
  }

  @Override
  public long allocatedSize() {
    return UNKNOWN_SIZE;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    volume.read(offset, into);
  }

  /** As the reference says of the whole disk: data, nobody knows where. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void close() throws BlockException {
    try {
      files.close();
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not close a file").causedBy(e);
    }
  }
}
