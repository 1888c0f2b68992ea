// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code blklogwrites}: keeps a log of all that is written, in the order it happened, in
 * the format of Linux's {@code dm-log-writes}. What a crash at any point would have left can be
 * rebuilt from it.
 *
 * <pre>
 *   request ──▶ BlklogwritesDriver ── 1. ──▶ child "file"
 *                       └─ 2. ──▶ WriteLog ──▶ child "log": superblock, (entry, data)…
 * </pre>
 *
 * @see "Linux Documentation/admin-guide/device-mapper/log-writes.rst"
 */
@NullMarked
package dev.strata.block.filter.blklogwrites;

import org.jspecify.annotations.NullMarked;
