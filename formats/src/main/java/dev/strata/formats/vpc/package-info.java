// SPDX-License-Identifier: Apache-2.0
/**
 * Virtual PC disk images (VHD). A fixed image is the disk and a footer; a dynamic one has a copy of
 * the footer, a header, the block allocation table (BAT), then blocks, each behind a bitmap of the
 * sectors that were written, and the footer.
 *
 * <pre>
 *   VpcImage ── where? ──▶ EntryTable (BAT) ──────── "file": header and BAT
 *       └──── room for more ──▶ BlockArea ────────── "file": bitmaps, blocks, footer
 * </pre>
 *
 * @see "Microsoft, Virtual Hard Disk Image Format Specification, version 1.0"
 */
@NullMarked
package dev.strata.formats.vpc;

import org.jspecify.annotations.NullMarked;
