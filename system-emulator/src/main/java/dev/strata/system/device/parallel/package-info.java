// SPDX-License-Identifier: Apache-2.0
/** Parallel ports. */
@NullMarked
package dev.strata.system.device.parallel;

import org.jspecify.annotations.NullMarked;
