// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copyonread;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.CopyUp;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.LayerStatus;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Has whatever a read touches in the image itself before it reads. */
final class CopyOnReadDriver extends FilterDriver implements CopyUp {
  private static final long MAX_COPY = 2 << 20;
  private static final long SECTOR = 512;

  private final @Nullable LayerStatus layers; // whose data are copied; null for all
  private final BufferPool buffers;
  private final RequestRanges ranges = new RequestRanges();
  private volatile boolean onDemandOnly;

  CopyOnReadDriver(Child file, @Nullable LayerStatus layers, BufferPool buffers) {
    super(file);
    this.layers = layers;
    this.buffers = buffers;
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    Set<Permission> needed = EnumSet.of(Permission.WRITE_UNCHANGED);
    needed.addAll(permissions.needed());
    return new Permissions(needed, permissions.shared());
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    long length = into.length();
    if (onDemandOnly || isHeld(offset, length)) {
      super.read(offset, into, flags);
      return;
    }
    long cluster = clusterSize();
    long start = offset - offset % cluster;
    long end = Math.min(offset + length + cluster - 1, Long.MAX_VALUE - cluster);
    end = Math.min(end - end % cluster, file().length());
    // Nobody may write between the read of the old content and its write: it would be undone.
    RequestRanges.Hold hold = ranges.own(start, end);
    try {
      copyUpHeld(start, end);
      super.read(offset, into, flags);
    } finally {
      ranges.leave(hold);
    }
  }

  private boolean isHeld(long offset, long length) throws BlockException {
    long end = Math.min(offset + length, file().length());
    for (long at = offset; at < end; ) {
      Extent extent = file().status(at, end - at, StatusDetail.ALLOCATION);
      if (!extent.allocated()) {
        return false;
      }
      at += extent.length();
    }
    return true;
  }

  private long clusterSize() {
    Optional<ImageInfo> info = file().capability(ImageInfo.class);
    return Math.max(SECTOR, info.isPresent() ? info.get().clusterSize() : 0);
  }

  /** Whoever copies on demand does so beside writers whom nobody has asked. */
  @Override
  public boolean seesAllWrites() {
    return onDemandOnly;
  }

  @Override
  public void onDemandOnly() {
    onDemandOnly = true;
  }

  @Override
  public void copyUp(long offset, long length) throws BlockException {
    RequestRanges.Hold hold = ranges.own(offset, offset + length);
    try {
      copyUpHeld(offset, offset + length);
    } finally {
      ranges.leave(hold);
    }
  }

  private void copyUpHeld(long start, long end) throws BlockException {
    for (long at = start; at < end; ) {
      Extent extent = file().status(at, Math.min(end - at, MAX_COPY), StatusDetail.ALLOCATION);
      boolean wanted = !extent.allocated();
      if (wanted && layers != null) {
        extent = layers.status(at, extent.length());
        wanted = extent.allocated();
      }
      if (wanted) {
        try (BufferPool.Buffer copy = buffers.acquire(extent.length())) {
          file().read(at, copy.vector(), 0);
          if (file().limits().writesZeroes() && copy.vector().isZero()) {
            file().writeZeroes(at, extent.length(), 0);
          } else {
            file().write(at, copy.vector(), RequestFlags.WRITE_UNCHANGED);
          }
        }
      }
      at += extent.length();
    }
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    RequestRanges.Hold hold = ranges.share(offset, offset + from.length());
    try {
      super.write(offset, from, flags);
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    RequestRanges.Hold hold = ranges.share(offset, offset + length);
    try {
      super.writeZeroes(offset, length, flags);
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    RequestRanges.Hold hold = ranges.share(offset, offset + length);
    try {
      super.discard(offset, length);
    } finally {
      ranges.leave(hold);
    }
  }
}
