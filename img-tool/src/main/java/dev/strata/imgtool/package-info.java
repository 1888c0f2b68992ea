// SPDX-License-Identifier: Apache-2.0
/** The program {@code qemu-img}. */
@NullMarked
package dev.strata.imgtool;

import org.jspecify.annotations.NullMarked;
