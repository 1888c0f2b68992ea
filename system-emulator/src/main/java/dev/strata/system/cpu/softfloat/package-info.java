// SPDX-License-Identifier: Apache-2.0
/**
 * IEEE 754 arithmetic in all roundings and with all flags, in formats of up to 64 bits' precision.
 */
@NullMarked
package dev.strata.system.cpu.softfloat;

import org.jspecify.annotations.NullMarked;
