// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code blkverify}: sends every request to an image under test and to a raw copy, and
 * compares what they read.
 *
 * @see "QEMU docs/devel/blkverify.txt"
 */
@NullMarked
package dev.strata.block.filter.blkverify;

import org.jspecify.annotations.NullMarked;
