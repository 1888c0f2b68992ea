// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.tukaani.xz.SeekableInputStream;

/** The bytes of a file below, as the libraries want them. For one thread at a time. */
final class ChildInput extends SeekableInputStream {
  private static final int BUFFER = 64 << 10;

  private final Child file;
  private final long length;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private long bufferStart; // in the file
  private int bufferLength;
  private long position;
  private long budget = Long.MAX_VALUE;

  ChildInput(Child file) throws BlockException {
    this(file, file.length());
  }

  /** As if the file ended there. */
  ChildInput(Child file, long length) {
    this.file = file;
    this.length = length;
  }

  /** From now on, reading more bytes than that is an error; what is skipped does not count. */
  void allow(long bytes) {
    budget = bytes;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int count) throws IOException {
    if (count == 0) {
      return 0;
    }
    if (position >= length) {
      return -1;
    }
    if (position < bufferStart || position >= bufferStart + bufferLength) {
      bufferLength = 0;
      int wanted = (int) Math.min(BUFFER, length - position);
      file.read(position, IoVector.of(buffer.slice(0, wanted)), 0);
      bufferStart = position;
      bufferLength = wanted;
    }
    int within = (int) (position - bufferStart);
    int run = Math.min(count, bufferLength - within);
    budget -= run;
    if (budget < 0) {
      throw new IOException("too much to read at once");
    }
    buffer.get(within, into, from, run);
    position += run;
    return run;
  }

  @Override
  public long skip(long count) {
    long run = Math.clamp(count, 0, Math.max(0, length - position));
    position += run;
    return run;
  }

  @Override
  public int available() {
    return Math.clamp(length - position, 0, BUFFER);
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void seek(long to) {
    position = to;
  }

  /** Nothing: the file below is the graph's. */
  @Override
  public void close() {}
}
