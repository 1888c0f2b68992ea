// SPDX-License-Identifier: Apache-2.0
/** Runs blocks of decoded operations; knows no guest architecture. */
@NullMarked
package dev.strata.system.cpu.interpret;

import org.jspecify.annotations.NullMarked;
