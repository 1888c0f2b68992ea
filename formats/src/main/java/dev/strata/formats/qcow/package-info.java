// SPDX-License-Identifier: Apache-2.0
/**
 * QEMU's first copy-on-write format, qcow version 1: a header, and a map of two levels that leads
 * to the disk's clusters, which may be compressed. New clusters go to the end of the file.
 *
 * <pre>
 *   QcowImage ── where? ──▶ TwoLevelMap ── "file": L1 and L2 tables
 *       ├──── room for more ──▶ FileEnd ────── "file": its end
 *       └──── packed bytes ───▶ ClusterCodec
 * </pre>
 *
 * @see "The QCOW Image Format, Mark McLoughlin, version 1"
 */
@NullMarked
package dev.strata.formats.qcow;

import org.jspecify.annotations.NullMarked;
