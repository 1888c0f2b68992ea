// SPDX-License-Identifier: Apache-2.0
/** How much memory, address space and time the programs take at most. */
@NullMarked
package dev.strata.testimages.limits;

import org.jspecify.annotations.NullMarked;
