// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.tls.TlsCredentials;

/** Credentials of TLS that a user defined. */
record NamedCredentials(TlsCredentials credentials) implements NamedObject {}
