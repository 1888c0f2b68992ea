// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.IoVector;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * What was read from a socket and not yet used. One thread at a time.
 *
 * <p>Headers of several replies come with one read; large content goes from the socket to where it
 * belongs, but for what came along with its header.
 */
final class Inbox {
  /** In bytes: of all that {@link #need} can be asked for. */
  static final int CAPACITY = 32 * 1024;

  // Content of less than that is read together with the header behind it.
  private static final int DIRECT = 16 * 1024;
  // The JDK copies a read into memory on the heap through a buffer as large as that.
  private static final int MAX_HEAP_READ = 256 * 1024;

  private final ReadableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY).limit(0);

  Inbox(ReadableByteChannel channel) {
    this.channel = channel;
  }

  /** The bytes that {@link #need} has made sure of, from the buffer's position on. */
  ByteBuffer bytes() {
    return buffer;
  }

  /** Waits until that many bytes are there; moves what {@link #bytes} has. */
  void need(int count) throws IOException {
    if (buffer.remaining() >= count) {
      return;
    }
    buffer.compact();
    while (buffer.position() < count) {
      receive(buffer);
    }
    buffer.flip();
  }

  /** Passes over bytes that {@link #need} has made sure of. */
  void take(int count) {
    buffer.position(buffer.position() + count);
  }

  /** Passes over bytes that have perhaps not arrived yet. */
  void skip(long count) throws IOException {
    for (long left = count; left > 0; ) {
      need(1);
      int part = (int) Math.min(left, buffer.remaining());
      take(part);
      left -= part;
    }
  }

  /** Fills the {@code length} bytes of {@code target} from {@code offset} on. */
  void fill(IoVector target, long offset, long length) throws IOException {
    IoVector part = target.slice(offset, length);
    for (int i = 0; i < part.count(); i++) {
      fill(part.segment(i));
    }
  }

  private void fill(MemorySegment target) throws IOException {
    long done = 0;
    long size = target.byteSize();
    while (done < size) {
      if (!buffer.hasRemaining() && size - done >= DIRECT) {
        done += receiveInto(target, done);
        continue;
      }
      need(1);
      int part = (int) Math.min(size - done, buffer.remaining());
      MemorySegment.copy(MemorySegment.ofBuffer(buffer), 0, target, done, part);
      take(part);
      done += part;
    }
  }

  private int receiveInto(MemorySegment target, long done) throws IOException {
    long most = target.isNative() ? Integer.MAX_VALUE : MAX_HEAP_READ;
    long length = Math.min(target.byteSize() - done, most);
    return receive(target.asSlice(done, length).asByteBuffer());
  }

  private int receive(ByteBuffer into) throws IOException {
    int count = channel.read(into);
    if (count < 0) {
      throw new EOFException();
    }
    return count;
  }
}
