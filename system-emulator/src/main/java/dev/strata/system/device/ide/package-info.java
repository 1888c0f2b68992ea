// SPDX-License-Identifier: Apache-2.0
/** ATA disks, CD drives, and their controller. */
@NullMarked
package dev.strata.system.device.ide;

import org.jspecify.annotations.NullMarked;
