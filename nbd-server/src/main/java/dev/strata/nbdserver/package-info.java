// SPDX-License-Identifier: Apache-2.0
/**
 * An NBD server: what is exported, and how clients reach it.
 *
 * <pre>
 * Listener → NbdServer ─ Negotiation (who, what, how) → Session
 *                      └ Connection: RequestInput → Requests → ReplyBatch → socket
 *                                              └ Overtaking: threads for what takes long
 * </pre>
 *
 * <p>A client's requests are carried out by its own thread while that does not wait for a device:
 * all that one read of the socket brought, then one write with all replies. Requests that wait go
 * to further threads of the same client, so that later ones overtake them, and so that nobody waits
 * for another client.
 *
 * <p>What a client can make the server hold is bounded: {@link dev.strata.nbdserver.ServerLimits}.
 */
@NullMarked
package dev.strata.nbdserver;

import org.jspecify.annotations.NullMarked;
