// SPDX-License-Identifier: Apache-2.0
/**
 * The driver {@code nbd}: an export of an NBD server.
 *
 * <pre>
 * callers → NbdDriver → Session ─ picks a connection, or makes one again
 *                         └ NbdConnection (1 … 4): writes requests, one of its callers reads replies
 *                             ├ ReplyReader: a reply's bytes into the request it is for
 *                             └ Inbox: what was read from the socket and not yet used
 * </pre>
 *
 * <p>Requests are written by their callers' threads. Of the callers that wait on a connection one
 * reads the replies, for all of them, until its own is there; then another one does. So a request
 * alone on its connection costs no change of threads.
 *
 * <p>A server that breaks the protocol has spoken to us for the last time: nothing it sent is
 * believed, and nothing more is asked. A connection that merely ends is made again.
 */
@NullMarked
package dev.strata.block.nbd;

import org.jspecify.annotations.NullMarked;
