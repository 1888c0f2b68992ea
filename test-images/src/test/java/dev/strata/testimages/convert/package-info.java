// SPDX-License-Identifier: Apache-2.0
/** Images of every format converted to every other. */
@NullMarked
package dev.strata.testimages.convert;

import org.jspecify.annotations.NullMarked;
