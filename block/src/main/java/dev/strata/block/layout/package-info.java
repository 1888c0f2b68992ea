// SPDX-License-Identifier: Apache-2.0
/**
 * On-disk structures, field by field: readers and writers that check every bound, and bulk copies
 * of tables of 64-bit entries.
 */
@NullMarked
package dev.strata.block.layout;

import org.jspecify.annotations.NullMarked;
