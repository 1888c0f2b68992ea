// SPDX-License-Identifier: Apache-2.0
/** {@code strata tour}: the tools at work on a small disk that boots. */
@NullMarked
package dev.strata.monitor.tour;

import org.jspecify.annotations.NullMarked;
