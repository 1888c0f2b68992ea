// SPDX-License-Identifier: Apache-2.0
/** Physical address spaces: regions laid over each other, the flat view that results, guest RAM. */
@NullMarked
package dev.strata.system.memory;

import org.jspecify.annotations.NullMarked;
