// SPDX-License-Identifier: Apache-2.0
/** The program {@code qemu-system-x86_64}: its command line, made into a machine that runs. */
@NullMarked
package dev.strata.system;

import org.jspecify.annotations.NullMarked;
