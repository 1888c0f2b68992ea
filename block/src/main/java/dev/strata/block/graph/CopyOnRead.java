// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.DebugEvent;
import dev.strata.block.Extent;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.ImageInfo;
import java.util.Optional;

/** Copies what a read takes from the backing file into the image, so that it is there next time. */
final class CopyOnRead {
  private static final long MAX_COPY = 2 << 20;

  private CopyOnRead() {}

  /** Has the range's unallocated parts copied up, in whole clusters. */
  static void populate(
      NodeRequests requests, BlockNode node, long offset, long length, BufferPool buffers)
      throws BlockException {
    if (node.backing() == null || !node.flags().writable()) {
      return;
    }
    Optional<ImageInfo> info = node.capability(ImageInfo.class);
    long cluster = Math.max(512, info.isPresent() ? info.get().clusterSize() : 512);
    long start = offset & -cluster;
    long end = Math.min((offset + length + cluster - 1) & -cluster, requests.length());
    BlockDriver driver = node.driver();
    RequestRanges.Hold hold = requests.overlaps().own(start, end);
    try {
      for (long at = start; at < end; ) {
        Extent extent = requests.status(at, Math.min(end - at, MAX_COPY), StatusDetail.ALLOCATION);
        if (!extent.allocated()) {
          try (BufferPool.Buffer copy = buffers.acquire(extent.length())) {
            driver.read(at, copy.vector(), 0);
            driver.event(DebugEvent.COR_WRITE);
            if (requests.limits().writesZeroes() && copy.vector().isZero()) {
              driver.writeZeroes(at, extent.length(), 0);
            } else {
              requests.writeHeld(at, copy.vector(), RequestFlags.WRITE_UNCHANGED);
            }
          }
        }
        at += extent.length();
      }
    } finally {
      requests.overlaps().leave(hold);
    }
  }
}
