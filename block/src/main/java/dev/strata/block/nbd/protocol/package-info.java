// SPDX-License-Identifier: Apache-2.0
/**
 * The NBD protocol as bytes, for both ends of a connection; no I/O, no threads.
 *
 * <pre>
 * handshake     S {@link Greeting} → C client flags → C {@link NbdOption} ⇄ S {@link NbdOptionReply} …
 *               until EXPORT_NAME (S {@link ExportReply}) or GO (S {@link InfoItem}s, ACK)
 * transmission  C {@link RequestHeader} [payload] …
 *               S {@link SimpleReply} [data] or {@link ReplyChunk}s, as {@link HeaderStyle} says
 * </pre>
 *
 * <p>What is exchanged once a connection are records; what is exchanged once a request is read and
 * written in place in a buffer, without an object. Buffers are big-endian, as a {@code ByteBuffer}
 * is if nobody changes it. Whoever reads from a peer checks a length against {@link NbdLimits}
 * before it allocates or waits for that many bytes; decoding then stays within the buffer.
 *
 * @see "NetworkBlockDevice/nbd, doc/proto.md, and its branch extension-ext-header"
 * @see "QEMU docs/interop/nbd.txt"
 */
@NullMarked
package dev.strata.block.nbd.protocol;

import org.jspecify.annotations.NullMarked;
