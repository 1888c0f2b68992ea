// SPDX-License-Identifier: Apache-2.0
/** The operations that guest code is decoded to, read by the interpreter and the translator. */
@NullMarked
package dev.strata.system.cpu.ir;

import org.jspecify.annotations.NullMarked;
