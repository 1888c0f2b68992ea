// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.ProgressListener;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptedSectors;
import dev.strata.formats.crypto.LuksAmendment;
import dev.strata.formats.crypto.LuksVolume;
import dev.strata.formats.crypto.Passphrases;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An open LUKS image: each sector lies, encrypted, behind the header. */
final class LuksImage implements BlockDriver, ImageInfo, Amendable {
  private final OpenContext context;
  private final Child file;
  private final LuksVolume volume;
  private final long payload;
  private final @Nullable EncryptedSectors sectors; // null if only metadata are asked for
  private volatile boolean amending;

  private LuksImage(
      OpenContext context, Child file, LuksVolume volume, @Nullable EncryptedSectors sectors)
      throws BlockException {
    this.context = context;
    this.file = file;
    this.volume = volume;
    this.payload = volume.payloadOffset();
    this.sectors = sectors;
    if (file.length() < payload) {
      throw BlockException.of(Errno.EIO, "Could not refresh total sector count");
    }
  }

  /** Without its key. */
  static LuksImage locked(OpenContext context, Child file, LuksVolume volume)
      throws BlockException {
    return new LuksImage(context, file, volume, null);
  }

  /** Of an unlocked volume, whose key is the image's from now on. */
  static LuksImage unlocked(OpenContext context, Child file, LuksVolume volume)
      throws BlockException {
    return new LuksImage(context, file, volume, volume.sectors());
  }

  private EncryptedSectors sectors() throws BlockException {
    EncryptedSectors unlocked = sectors;
    if (unlocked == null) {
      throw new BlockException(Errno.EPERM, "The image was opened without its key");
    }
    return unlocked;
  }

  @Override
  public Limits limits() {
    return Limits.NONE
        .withRequestAlignment(EncryptedSectors.SECTOR)
        .withWriteFlags(file.limits().writeFlags() & RequestFlags.FUA);
  }

  @Override
  public long length() throws BlockException {
    return Math.max(0, file.length() - payload);
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    sectors()
        .read(file, payload + offset, offset / EncryptedSectors.SECTOR, into, context.buffers());
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    sectors()
        .write(
            file,
            payload + offset,
            offset / EncryptedSectors.SECTOR,
            from,
            flags,
            context.buffers());
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP); // no stored byte says so
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /** Nothing is kept here, and the graph flushes the file itself. */
  @Override
  public void flush() {}

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    if (length > Long.MAX_VALUE - payload) {
      throw new BlockException(Errno.EFBIG, "The requested file size is too large");
    }
    file.truncate(payload + length, exact, mode, flags);
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
    return new JsonObject().put("type", "luks").put("data", volume.describe(false));
  }

  @Override
  public OptionSchema amendOptions() {
    return LuksFactory.AMEND;
  }

  /** While key slots change nobody else may have the image open, not even to read. */
  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    needed.addAll(permissions.needed());
    needed.add(Permission.CONSISTENT_READ);
    Set<Permission> shared = EnumSet.noneOf(Permission.class);
    shared.addAll(permissions.shared());
    if (amending) {
      needed.add(Permission.WRITE);
      shared.remove(Permission.CONSISTENT_READ);
      shared.remove(Permission.WRITE);
      shared.remove(Permission.RESIZE);
    }
    return new Permissions(needed, shared);
  }

  @Override
  public void amend(BlockOptions options, boolean force, ProgressListener progress)
      throws BlockException {
    LuksAmendment amendment = LuksAmendment.take(options);
    amending = true;
    try {
      context.permissionsChanged();
      amendment.apply(volume, new Passphrases(context.objects(), LuksFactory.KEY_SECRET), force);
    } finally {
      amending = false;
      context.permissionsChanged();
    }
  }

  /** Overwrites the key. */
  @Override
  public void close() {
    volume.close();
    if (sectors != null) {
      sectors.close();
    }
  }
}
