// SPDX-License-Identifier: Apache-2.0
/**
 * VirtualBox disk images: a header, a map with the number of each block's place, and the blocks in
 * the order of their first writes, or all of them in a static image.
 *
 * <pre>
 *   VdiImage ── where? ──▶ EntryTable (block map) ── "file": header and map
 *       └──── a free block ──▶ BlockPlaces ───────── "file": blocks
 * </pre>
 *
 * @see "forums.virtualbox.org, Tutorial: All about VDIs, The VDI header"
 */
@NullMarked
package dev.strata.formats.vdi;

import org.jspecify.annotations.NullMarked;
