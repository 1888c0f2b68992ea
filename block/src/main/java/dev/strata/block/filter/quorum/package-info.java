// SPDX-License-Identifier: Apache-2.0
/**
 * The driver {@code quorum}: one disk kept on several others. Writes go to all, and count when
 * enough of them succeed; what most of them read is what is read.
 *
 * @see "QEMU's QAPI schema, BlockdevOptionsQuorum"
 */
@NullMarked
package dev.strata.block.filter.quorum;

import org.jspecify.annotations.NullMarked;
