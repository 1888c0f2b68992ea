// SPDX-License-Identifier: Apache-2.0
/** Strata as programs use it that embed it. */
@NullMarked
package dev.strata.testimages.library;

import org.jspecify.annotations.NullMarked;
