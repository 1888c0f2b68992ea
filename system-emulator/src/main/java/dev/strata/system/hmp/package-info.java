// SPDX-License-Identifier: Apache-2.0
/** The monitor that people type at. */
@NullMarked
package dev.strata.system.hmp;

import org.jspecify.annotations.NullMarked;
