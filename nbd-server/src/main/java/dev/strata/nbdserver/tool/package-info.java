// SPDX-License-Identifier: Apache-2.0
/** The program {@code qemu-nbd}: its command line, and how it starts and ends. */
@NullMarked
package dev.strata.nbdserver.tool;

import org.jspecify.annotations.NullMarked;
