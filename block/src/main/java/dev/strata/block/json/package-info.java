// SPDX-License-Identifier: Apache-2.0
/**
 * JSON as the reference reads and prints it: a reader with limits, exact 64-bit numbers, and the
 * two layouts of its output.
 */
@NullMarked
package dev.strata.block.json;

import org.jspecify.annotations.NullMarked;
