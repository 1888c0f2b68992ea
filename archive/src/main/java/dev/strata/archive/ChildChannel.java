// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** The bytes of a file below as a channel. For one thread at a time. */
final class ChildChannel implements SeekableByteChannel {
  private final ChildInput in;

  ChildChannel(ChildInput in) {
    this.in = in;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int count = in.read(into.array(), into.arrayOffset() + into.position(), into.remaining());
    if (count > 0) {
      into.position(into.position() + count);
    }
    return count;
  }

  @Override
  public long position() {
    return in.position();
  }

  @Override
  public SeekableByteChannel position(long to) {
    in.seek(to);
    return this;
  }

  @Override
  public long size() {
    return in.length();
  }

  @Override
  public int write(ByteBuffer from) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long size) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  /** Nothing: the file below is the graph's. */
  @Override
  public void close() {}
}
