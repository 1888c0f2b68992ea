// SPDX-License-Identifier: Apache-2.0
/**
 * Options: how they are written on a command line and in {@code json:} names, what a driver
 * accepts, and the names and sizes they hold.
 */
@NullMarked
package dev.strata.block.option;

import org.jspecify.annotations.NullMarked;
