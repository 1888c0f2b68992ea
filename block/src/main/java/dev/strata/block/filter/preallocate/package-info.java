// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code preallocate}: when the file below a format grows, it grows by more than is
 * needed now; what was not needed is given back when the node is closed.
 *
 * <pre>
 *   0 ───────── data ─────────▶ data end ──── zeroes, allocated ────▶ file end
 * </pre>
 */
@NullMarked
package dev.strata.block.filter.preallocate;

import org.jspecify.annotations.NullMarked;
