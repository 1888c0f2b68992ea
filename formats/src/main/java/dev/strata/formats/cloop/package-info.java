// SPDX-License-Identifier: Apache-2.0
/**
 * Images of the compressed loop device, for reading: a script of 128 bytes, the size and number of
 * blocks, the offset of each and of their end, then the blocks as zlib streams.
 *
 * @see "cloop, README, Format of a compressed loop image, version 2.0"
 */
@NullMarked
package dev.strata.formats.cloop;

import org.jspecify.annotations.NullMarked;
