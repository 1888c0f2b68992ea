// SPDX-License-Identifier: Apache-2.0
/** Drivers without anything behind them, for measuring and for tests of what is above. */
@NullMarked
package dev.strata.block.synthetic;

import org.jspecify.annotations.NullMarked;
