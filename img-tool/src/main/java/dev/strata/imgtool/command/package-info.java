// SPDX-License-Identifier: Apache-2.0
/** The commands of {@code qemu-img}, a class each. */
@NullMarked
package dev.strata.imgtool.command;

import org.jspecify.annotations.NullMarked;
