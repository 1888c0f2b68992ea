// SPDX-License-Identifier: Apache-2.0
/** Finds where two images differ. */
@NullMarked
package dev.strata.block.compare;

import org.jspecify.annotations.NullMarked;
