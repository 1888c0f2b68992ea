// SPDX-License-Identifier: Apache-2.0
/** The driver {@code snapshot-access}: shows what {@code copy-before-write} below it has kept. */
@NullMarked
package dev.strata.block.filter.snapshotaccess;

import org.jspecify.annotations.NullMarked;
