// SPDX-License-Identifier: Apache-2.0
/**
 * Limits on how many bytes and operations a second pass, for one user or for several that share
 * them.
 *
 * <pre>
 *   acquire ──▶ buckets not full ────────────────▶ passes, fills the buckets
 *      └──────▶ full, or others wait ──▶ queue of the member ──▶ its turn, once they have leaked
 * </pre>
 *
 * @see "QEMU docs/throttle.txt"
 */
@NullMarked
package dev.strata.block.throttle;

import org.jspecify.annotations.NullMarked;
