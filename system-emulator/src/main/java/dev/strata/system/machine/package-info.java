// SPDX-License-Identifier: Apache-2.0
/** Machines: where processors and devices meet. */
@NullMarked
package dev.strata.system.machine;

import org.jspecify.annotations.NullMarked;
