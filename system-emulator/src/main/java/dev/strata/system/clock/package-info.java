// SPDX-License-Identifier: Apache-2.0
/** The guest's time. */
@NullMarked
package dev.strata.system.clock;

import org.jspecify.annotations.NullMarked;
