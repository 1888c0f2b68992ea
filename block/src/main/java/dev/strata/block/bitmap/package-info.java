// SPDX-License-Identifier: Apache-2.0
/** Dirty bitmaps: which parts of a node were written since somebody looked. */
@NullMarked
package dev.strata.block.bitmap;

import org.jspecify.annotations.NullMarked;
