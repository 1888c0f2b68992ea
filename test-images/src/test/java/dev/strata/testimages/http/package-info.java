// SPDX-License-Identifier: Apache-2.0
/** The drivers of URLs, beside the real tools, against servers that err. */
@NullMarked
package dev.strata.testimages.http;

import org.jspecify.annotations.NullMarked;
