// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.backup;

import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.OnError;
import dev.strata.block.job.RequestsInFlight;
import org.jspecify.annotations.Nullable;

/**
 * What is to be copied and how.
 *
 * @param source the disk, whose users go through a filter meanwhile
 * @param target becomes as the source is when the job is made
 * @param sync what is copied
 * @param bitmap of the source, or null
 * @param bitmapMode what becomes of the bitmap
 * @param compress whether the target compresses what it is given
 * @param onSourceError what a read that fails comes to
 * @param onTargetError what a write that fails comes to
 * @param filterName what the filter over the source is called, or null
 * @param maxRequests how many are carried out at the same time, at least 1
 * @param maxChunk the most bytes of a request; 0 for as many as seems good
 * @see "QEMU qapi/block-core.json, BackupCommon"
 */
public record BackupPlan(
    BlockNode source,
    BlockNode target,
    Sync sync,
    @Nullable DirtyBitmap bitmap,
    BitmapMode bitmapMode,
    boolean compress,
    OnError onSourceError,
    OnError onTargetError,
    @Nullable String filterName,
    int maxRequests,
    long maxChunk) {

  /** What is copied of what is there already. */
  public enum Sync {
    /** All. */
    FULL,
    /** What the disk does not have from its backing file. */
    TOP,
    /** What the bitmap says. */
    BITMAP,
    /** What is written from now on, before it is; the job does not end by itself. */
    NONE
  }

  /**
   * What becomes of the bitmap. What was written after the job was made is dirty in any case.
   *
   * @see "QEMU docs/interop/bitmaps, Bitmap Sync Modes"
   */
  public enum BitmapMode {
    /** What was dirty is clean if the backup succeeds. */
    ON_SUCCESS,
    /** What was copied is clean, even if the backup does not succeed as a whole. */
    ALWAYS,
    /** What was dirty stays so. */
    NEVER
  }

  /** All of a disk, in the simplest way. */
  public static BackupPlan full(BlockNode source, BlockNode target) {
    return new BackupPlan(
        source,
        target,
        Sync.FULL,
        null,
        BitmapMode.NEVER,
        false,
        OnError.REPORT,
        OnError.REPORT,
        null,
        RequestsInFlight.MAX,
        0);
  }
}
