// SPDX-License-Identifier: Apache-2.0
/** What the tests of the formats share. */
@NullMarked
package dev.strata.formats;

import org.jspecify.annotations.NullMarked;
