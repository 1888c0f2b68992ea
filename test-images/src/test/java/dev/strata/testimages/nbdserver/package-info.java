// SPDX-License-Identifier: Apache-2.0
/** The NBD server with real clients, beside the reference's server. */
@NullMarked
package dev.strata.testimages.nbdserver;

import org.jspecify.annotations.NullMarked;
