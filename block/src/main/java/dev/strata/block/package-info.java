// SPDX-License-Identifier: Apache-2.0
/**
 * The verbs of the block layer and the types they speak in: what drivers, edges and backends have
 * in common.
 */
@NullMarked
package dev.strata.block;

import org.jspecify.annotations.NullMarked;
