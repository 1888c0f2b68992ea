// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * A TLS connection after its handshake, over a blocking socket. One thread may read while another
 * writes; those that write take turns.
 *
 * <p>The end of the stream is the end of the socket's: whoever reads knows by its own protocol
 * whether that came too early.
 */
public interface TlsChannel extends ByteChannel {
  /** Reads at least one byte, or returns -1 at the end. */
  @Override
  int read(ByteBuffer into) throws IOException;

  /** Writes all bytes. */
  @Override
  int write(ByteBuffer from) throws IOException;
}
