// SPDX-License-Identifier: Apache-2.0
/**
 * QEMU Enhanced Disk images: a header, and a map of two levels that leads to the disk's clusters.
 *
 * <pre>
 *   QedImage ── where? ──▶ TwoLevelMap ── "file": L1 and L2 tables
 *       └──── room for more ──▶ FileEnd ────── "file": its end
 * </pre>
 *
 * @see "QEMU docs/interop/qed_spec"
 */
@NullMarked
package dev.strata.formats.qed;

import org.jspecify.annotations.NullMarked;
