// SPDX-License-Identifier: Apache-2.0
/**
 * Hyper-V disk images (VHDX): two headers, two tables of regions, a log, metadata, the block
 * allocation table (BAT), and blocks. The BAT is changed through the log, so that a crash leaves it
 * as it was before or after.
 *
 * <pre>
 *   VhdxImage ── where? ──▶ EntryTable (BAT) ──┐
 *       │                                      └─▶ VhdxLog ─▶ "file": log, then BAT
 *       └──── room for more ──▶ FileEnd ───▶ "file": its end
 * </pre>
 *
 * @see "Microsoft, [MS-VHDX]: Virtual Hard Disk v2 File Format"
 */
@NullMarked
package dev.strata.formats.vhdx;

import org.jspecify.annotations.NullMarked;
