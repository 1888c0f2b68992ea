// SPDX-License-Identifier: Apache-2.0
/** What a machine tells of itself as it runs, for who looks for mistakes: {@code -d}. */
@NullMarked
package dev.strata.system.log;

import org.jspecify.annotations.NullMarked;
