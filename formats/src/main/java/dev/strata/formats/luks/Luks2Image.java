// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.ReadOnlyIo;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.formats.crypto.EncryptedSectors;
import dev.strata.formats.crypto.Luks2Volume;
import org.jspecify.annotations.Nullable;

/** An open LUKS2 image, which is only read. */
final class Luks2Image implements BlockDriver, ReadOnlyIo, ImageInfo {
  private final OpenContext context;
  private final Child file;
  private final Luks2Volume volume;
  private final long length;
  private final @Nullable EncryptedSectors sectors; // null if only metadata are asked for

  /** The image's sectors are its own from now on. */
  Luks2Image(
      OpenContext context,
      Child file,
      Luks2Volume volume,
      long length,
      @Nullable EncryptedSectors sectors) {
    this.context = context;
    this.file = file;
    this.volume = volume;
    this.length = length;
    this.sectors = sectors;
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(volume.sectorBytes());
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    EncryptedSectors unlocked = sectors;
    if (unlocked == null) {
      throw new BlockException(Errno.EPERM, "The image was opened without its key");
    }
    long number = volume.firstSector() + offset / EncryptedSectors.SECTOR;
    unlocked.read(file, volume.payloadOffset() + offset, number, into, context.buffers());
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public long clusterSize() {
    return 0;
  }

  @Override
  public boolean encrypted() {
    return true;
  }

  @Override
  public JsonValue formatSpecific() {
    return new JsonObject().put("type", "luks").put("data", volume.describe());
  }

  /** Overwrites the key. */
  @Override
  public void close() {
    if (sectors != null) {
      sectors.close();
    }
  }
}
