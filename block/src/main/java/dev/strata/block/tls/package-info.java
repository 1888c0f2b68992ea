// SPDX-License-Identifier: Apache-2.0
/**
 * TLS between a client and a server: credentials, who may come, and sockets that turn to it.
 *
 * <pre>
 * files → TlsCredentials ┐
 *         PeerSocket ────┴→ TlsProvider (a service) → TlsChannel
 * </pre>
 *
 * <p>The protocol itself is behind {@link dev.strata.block.tls.TlsProvider}, which nothing loads
 * before a connection asks for it.
 */
@NullMarked
package dev.strata.block.tls;

import org.jspecify.annotations.NullMarked;
