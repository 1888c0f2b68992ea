// SPDX-License-Identifier: Apache-2.0
/** Devices for firmware and tests: the debug console, the exit port. */
@NullMarked
package dev.strata.system.device.debug;

import org.jspecify.annotations.NullMarked;
