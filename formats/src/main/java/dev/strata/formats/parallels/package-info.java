// SPDX-License-Identifier: Apache-2.0
/**
 * Parallels expandable images: a header, one block allocation table (BAT) and the data area, which
 * grows at its end.
 *
 * <pre>
 *   ParallelsImage ── where? ──▶ BlockAllocationTable ── "file": header and BAT
 *         └───────── room for more ──▶ DataArea ─────── "file": data area
 * </pre>
 *
 * @see "QEMU docs/interop/parallels"
 */
@NullMarked
package dev.strata.formats.parallels;

import org.jspecify.annotations.NullMarked;
