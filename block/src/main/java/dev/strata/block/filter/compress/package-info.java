// SPDX-License-Identifier: Apache-2.0
/** The filter {@code compress}: every write is stored compressed by the format below. */
@NullMarked
package dev.strata.block.filter.compress;

import org.jspecify.annotations.NullMarked;
