// SPDX-License-Identifier: Apache-2.0
/** Flash memory that firmware and its settings are in. */
@NullMarked
package dev.strata.system.device.flash;

import org.jspecify.annotations.NullMarked;
