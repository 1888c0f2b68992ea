// SPDX-License-Identifier: Apache-2.0
/**
 * What layers of a backing chain hold is moved down into one below them, while the chain is used,
 * and they drop out of it.
 *
 * <pre>
 *   users ──▶ overlay ──▶ commit_top ──▶ top ──▶ … ──▶ base     at the end: overlay ──▶ base
 *                                         └── copied ──▲
 * </pre>
 *
 * <p>If {@code top} is what the users use, they may write meanwhile: that is a mirror.
 *
 * @see "QEMU docs/interop/live-block-operations, block-commit"
 */
@NullMarked
package dev.strata.block.job.commit;

import org.jspecify.annotations.NullMarked;
