// SPDX-License-Identifier: Apache-2.0
/**
 * Runs blocks of decoded operations; knows no guest architecture.
 *
 * <pre>
 * pc → jump cache → code page of the physical address → decoder (Guest)
 *       block → one switch over its operations → the next pc
 * </pre>
 */
@NullMarked
package dev.strata.system.cpu.interpret;

import org.jspecify.annotations.NullMarked;
