// SPDX-License-Identifier: Apache-2.0
/** Floppy drives and their controller. */
@NullMarked
package dev.strata.system.device.floppy;

import org.jspecify.annotations.NullMarked;
