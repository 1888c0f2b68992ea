// SPDX-License-Identifier: Apache-2.0
/** Tests over all modules: who may import whom, and images against real peers. */
@NullMarked
package dev.strata.testimages;

import org.jspecify.annotations.NullMarked;
