// SPDX-License-Identifier: Apache-2.0
/** The manual and the completion of all tools, read by the programs they are for. */
@NullMarked
package dev.strata.testimages.manual;

import org.jspecify.annotations.NullMarked;
