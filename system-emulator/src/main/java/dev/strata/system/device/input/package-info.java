// SPDX-License-Identifier: Apache-2.0
/** Keyboards, mice and their controllers. */
@NullMarked
package dev.strata.system.device.input;

import org.jspecify.annotations.NullMarked;
