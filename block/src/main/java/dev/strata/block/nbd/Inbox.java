// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.IoVector;
import dev.strata.block.tls.PeerSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

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

  private final PeerSocket channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY).limit(0);

  Inbox(PeerSocket channel) {
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

  // By buffers, not segments: the JVM would make classes for a copy from one to another.
  private void fill(MemorySegment segment) throws IOException {
    for (long done = 0; done < segment.byteSize(); ) {
      long size = Math.min(segment.byteSize() - done, Integer.MAX_VALUE);
      fill(segment.asSlice(done, size).asByteBuffer());
      done += size;
    }
  }

  private void fill(ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (!buffer.hasRemaining() && target.remaining() >= DIRECT) {
        receiveInto(target);
        continue;
      }
      need(1);
      int part = Math.min(target.remaining(), buffer.remaining());
      target.put(buffer.slice(buffer.position(), part));
      take(part);
    }
  }

  /** Receives content straight to where it belongs, as long as there is enough of it. */
  private void receiveInto(ByteBuffer target) throws IOException {
    int whole = target.limit();
    int most = target.isDirect() ? Integer.MAX_VALUE : MAX_HEAP_READ;
    target.limit(target.position() + Math.min(target.remaining(), most));
    if (!channel.fill(target)) {
      throw new EOFException();
    }
    target.limit(whole);
  }

  private void receive(ByteBuffer into) throws IOException {
    if (channel.read(into) < 0) {
      throw new EOFException();
    }
  }
}
