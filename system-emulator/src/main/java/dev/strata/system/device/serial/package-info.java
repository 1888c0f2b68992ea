// SPDX-License-Identifier: Apache-2.0
/** Serial lines. */
@NullMarked
package dev.strata.system.device.serial;

import org.jspecify.annotations.NullMarked;
