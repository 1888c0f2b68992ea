// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.io.InputStream;
import java.nio.ByteBuffer;

/** The bytes of a buffer from its position on. */
final class BufferStream extends InputStream {
  private final ByteBuffer buffer;

  BufferStream(ByteBuffer buffer) {
    this.buffer = buffer;
  }

  @Override
  public int read() {
    return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int from, int length) {
    if (length == 0) {
      return 0;
    }
    if (!buffer.hasRemaining()) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(into, from, count);
    return count;
  }
}
