// SPDX-License-Identifier: Apache-2.0
/** NBD over TLS, with real clients and servers. */
@NullMarked
package dev.strata.testimages.tls;

import org.jspecify.annotations.NullMarked;
