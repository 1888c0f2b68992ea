// SPDX-License-Identifier: Apache-2.0
/**
 * What the tools do when a call to the storage fails: the first, the second, and so on to the last.
 * They run within the test, on files in memory whose names begin with {@code memory:}.
 */
@NullMarked
package dev.strata.testimages.fault;

import org.jspecify.annotations.NullMarked;
