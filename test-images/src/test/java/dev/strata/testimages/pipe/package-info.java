// SPDX-License-Identifier: Apache-2.0
/** Images that come from a pipe or go into one. */
@NullMarked
package dev.strata.testimages.pipe;

import org.jspecify.annotations.NullMarked;
