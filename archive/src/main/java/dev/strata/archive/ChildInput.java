// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import java.io.IOException;
import org.tukaani.xz.SeekableInputStream;

/** The bytes of a file below, as the libraries want them. For one thread at a time. */
final class ChildInput extends SeekableInputStream {
  private static final int BUFFER = 64 << 10;

  private final Child file;
  private final long length;
  private final byte[] buffer = new byte[BUFFER];
  private long bufferStart; // in the file
  private int bufferLength;
  private long position;

  ChildInput(Child file) throws BlockException {
    this(file, file.length());
  }

  /** As if the file ended there. */
  ChildInput(Child file, long length) {
    this.file = file;
    this.length = length;
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
      file.read(position, buffer, wanted);
      bufferStart = position;
      bufferLength = wanted;
    }
    int within = (int) (position - bufferStart);
    int run = Math.min(count, bufferLength - within);
    System.arraycopy(buffer, within, into, from, run);
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
