// SPDX-License-Identifier: Apache-2.0
/** The reference's programs beside ours, for tests of any driver. */
@NullMarked
package dev.strata.testimages.peer;

import org.jspecify.annotations.NullMarked;
