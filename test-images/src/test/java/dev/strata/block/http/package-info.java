// SPDX-License-Identifier: Apache-2.0
/** What of the drivers of URLs only their own package can reach. */
@NullMarked
package dev.strata.block.http;

import org.jspecify.annotations.NullMarked;
