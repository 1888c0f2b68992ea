// SPDX-License-Identifier: Apache-2.0
/** Conversations with the storage daemon, held with the real one and ours. */
@NullMarked
package dev.strata.testimages.daemon;

import org.jspecify.annotations.NullMarked;
