// SPDX-License-Identifier: Apache-2.0
/**
 * The qcow2 format, versions 2 and 3.
 *
 * <pre>
 *   header ─▶ L1 table ─▶ L2 tables ─▶ clusters          guest offset → host offset
 *      └────▶ refcount table ─▶ refcount blocks          host cluster → number of references
 *      └────▶ snapshots (an L1 table each), bitmaps
 * </pre>
 *
 * <p>Metadata go through two caches whose write-back is ordered: a cluster's refcount is on disk
 * before an L2 entry points to it, and an L2 entry that let go of a cluster before the refcount
 * falls. So a crash leaks clusters at worst.
 *
 * @see "QEMU docs/interop/qcow2.txt"
 */
@NullMarked
package dev.strata.formats.qcow2;

import org.jspecify.annotations.NullMarked;
