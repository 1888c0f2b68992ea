// SPDX-License-Identifier: Apache-2.0
/** The NBD client with real servers, beside the reference's client. */
@NullMarked
package dev.strata.testimages.nbd;

import org.jspecify.annotations.NullMarked;
