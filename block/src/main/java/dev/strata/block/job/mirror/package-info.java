// SPDX-License-Identifier: Apache-2.0
/**
 * A disk that is written is kept equal to another one, which in the end takes its place.
 *
 * <pre>
 *   users ──▶ mirror_top ──▶ source        at the end: users ──▶ target
 *               │  └ dirty ◀── writes
 *               └──▶ target ◀── job: copies what is dirty
 * </pre>
 *
 * <p>A writer in background mode marks what it wrote, and the job copies it later. That alone may
 * never end under a writer that is faster than the copy. So writers write to both disks themselves
 * while the job catches up after its first pass, while it comes to its end, and while more is dirty
 * than {@link dev.strata.block.job.mirror.MirrorFilter#MAX_DIRTY}: then what is dirty only gets
 * less. In write-blocking mode they always do.
 *
 * <p>The active commit is a mirror whose target is a layer below the source.
 *
 * @see "QEMU docs/interop/live-block-operations, blockdev-mirror and block-commit"
 */
@NullMarked
package dev.strata.block.job.mirror;

import org.jspecify.annotations.NullMarked;
