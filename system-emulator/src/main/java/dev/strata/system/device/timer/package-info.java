// SPDX-License-Identifier: Apache-2.0
/** Chips that tell or count time: 8254, MC146818. */
@NullMarked
package dev.strata.system.device.timer;

import org.jspecify.annotations.NullMarked;
