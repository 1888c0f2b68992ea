// SPDX-License-Identifier: Apache-2.0
/** What every guest architecture is seen as: processors, their pins, their translation caches. */
@NullMarked
package dev.strata.system.cpu;

import org.jspecify.annotations.NullMarked;
