// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code copy-on-read}: what is read from a backing file is written into the image, so
 * that it is there next time.
 */
@NullMarked
package dev.strata.block.filter.copyonread;

import org.jspecify.annotations.NullMarked;
