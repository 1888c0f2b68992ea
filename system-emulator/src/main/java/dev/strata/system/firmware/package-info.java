// SPDX-License-Identifier: Apache-2.0
/** What firmware is told, and what is loaded beside it. */
@NullMarked
package dev.strata.system.firmware;

import org.jspecify.annotations.NullMarked;
