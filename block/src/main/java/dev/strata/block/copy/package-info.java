// SPDX-License-Identifier: Apache-2.0
/** The one loop that moves bytes from node to node. */
@NullMarked
package dev.strata.block.copy;

import org.jspecify.annotations.NullMarked;
