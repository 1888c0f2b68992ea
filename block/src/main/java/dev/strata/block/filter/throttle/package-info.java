// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code throttle}: requests wait as the limits of a throttle group ask.
 *
 * @see "QEMU docs/throttle.txt, The 'throttle' block filter"
 */
@NullMarked
package dev.strata.block.filter.throttle;

import org.jspecify.annotations.NullMarked;
