// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.IoVector;
import dev.strata.block.tls.PeerSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

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
  private final int header;
  private final BooleanSupplier awaitsContent;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY).limit(0);

  /**
   * Nothing yet.
   *
   * @param header in bytes, of what comes before the content of a read
   * @param awaitsContent whether {@link #isLarge large} content is to come: no more is read ahead
   *     of it then than its header, for what is would have to be copied
   */
  Inbox(PeerSocket channel, int header, BooleanSupplier awaitsContent) {
    this.channel = channel;
    this.header = header;
    this.awaitsContent = awaitsContent;
  }

  /** Whether so much content goes straight to where it belongs. */
  static boolean isLarge(long length) {
    return length >= DIRECT;
  }

  /** The bytes that {@link #need} has made sure of, from the buffer's position on. */
  ByteBuffer bytes() {
    return buffer;
  }

  /** Waits until that many bytes are there; moves what {@link #bytes} has. */
  void need(int count) throws IOException {
    need(count, header);
  }

  private void need(int count, int most) throws IOException {
    if (buffer.remaining() >= count) {
      return;
    }
    buffer.compact();
    if (awaitsContent.getAsBoolean()) {
      buffer.limit(Math.min(CAPACITY, Math.max(count, most)));
    }
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
      need(1, (int) Math.min(left + header, CAPACITY));
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
      if (!buffer.hasRemaining() && isLarge(size - done)) {
        done += receiveInto(target, done);
        continue;
      }
      int left = (int) Math.min(size - done, CAPACITY);
      need(1, left + header);
      int part = Math.min(left, buffer.remaining());
      target.asSlice(done, part).asByteBuffer().put(buffer.slice(buffer.position(), part));
      take(part);
      done += part;
    }
  }

  private long receiveInto(MemorySegment target, long done) throws IOException {
    long most = target.isNative() ? Integer.MAX_VALUE : MAX_HEAP_READ;
    long part = Math.min(target.byteSize() - done, most);
    if (!channel.fill(target.asSlice(done, part))) {
      throw new EOFException();
    }
    return part;
  }

  private void receive(ByteBuffer into) throws IOException {
    if (channel.read(into) < 0) {
      throw new EOFException();
    }
  }
}
