// SPDX-License-Identifier: Apache-2.0
/**
 * An image takes over what the layers below it hold, while it is used, and no longer needs them.
 *
 * <pre>
 *   users ──▶ copy-on-read ──▶ top ──▶ … ──▶ base
 *               ▲ job: copyUp   ▲── copied ─┘      at the end: top ──▶ base
 * </pre>
 *
 * @see "QEMU docs/interop/live-block-operations, block-stream"
 */
@NullMarked
package dev.strata.block.job.stream;

import org.jspecify.annotations.NullMarked;
