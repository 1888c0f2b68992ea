// SPDX-License-Identifier: Apache-2.0
/**
 * Disk images for programs that only want to use them: open, read, write, close. What is beyond
 * that is in the graph below.
 */
@NullMarked
package dev.strata.block.image;

import org.jspecify.annotations.NullMarked;
