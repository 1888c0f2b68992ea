// SPDX-License-Identifier: Apache-2.0
/** Backing chains as a whole: commit, and a change of the backing file. */
@NullMarked
package dev.strata.formats.chain;

import org.jspecify.annotations.NullMarked;
