// SPDX-License-Identifier: Apache-2.0
/**
 * Moves a machine to another process while it runs: its memory page by page, the pages that the
 * guest writes meanwhile again, then, while it stands still for a moment, what is left and the
 * state of its devices. Its disks are open on both sides; only one side may write them.
 *
 * <pre>
 *   source                                    destination
 *   running      ── memory, in rounds ──▶     inmigrate, its disks inactive
 *   finish-migrate ── last pages ───────▶
 *     disks left to the destination
 *                ── dirty bitmaps, devices ─▶ disks taken
 *   postmigrate                               running
 *
 *   stream    "STRATAMG", version u32, bytes of main memory u64, record*
 *   record    1 u8, run*, 0 u64, 0 u32, the runs' CRC-32C u32         pages
 *             2 u8, the machine's state beside its main memory, was it running u8, its CRC-32C u32
 *             3 u8, dirty bitmaps
 *             0 u8                                                    the end
 *   run       first page u64, pages u32, those pages of 4096 bytes; pages beyond 2^31 are zero and
 *             do not follow
 * </pre>
 *
 * <p>Numbers are big-endian. The format is Strata's own and nobody else's. What comes is hostile:
 * every number is bounded before it is used, and a stream that makes no sense ends the machine that
 * reads it, which has not begun to run.
 *
 * @see "QEMU qapi/migration.json"
 */
@NullMarked
package dev.strata.system.migration;

import org.jspecify.annotations.NullMarked;
