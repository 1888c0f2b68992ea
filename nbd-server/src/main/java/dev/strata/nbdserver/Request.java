// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BufferPool;
import dev.strata.block.nbd.protocol.RequestHeader;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A request as it arrived; its numbers are checked by {@link Requests}. A connection uses one
 * object for all requests that it carries out itself.
 */
final class Request {
  int flags;
  int command;
  long cookie;
  long offset; // in bytes, unsigned
  long length; // in bytes, unsigned

  /** A write's bytes, if the request has left the input; given back when it is done. */
  BufferPool.@Nullable Buffer payload;

  /** Reads the header at {@code at}. */
  void decode(ByteBuffer in, int at, boolean extended) {
    flags = RequestHeader.flags(in, at);
    command = RequestHeader.command(in, at);
    cookie = RequestHeader.cookie(in, at);
    offset = RequestHeader.offset(in, at);
    length = RequestHeader.length(in, at, extended);
  }

  /** The same request, for another thread. */
  Request copy() {
    var copy = new Request();
    copy.flags = flags;
    copy.command = command;
    copy.cookie = cookie;
    copy.offset = offset;
    copy.length = length;
    return copy;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
