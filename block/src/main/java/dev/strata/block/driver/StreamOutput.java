// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Where an image goes that is written from front to back. For one thread at a time. */
public final class StreamOutput {
  /** Takes the bytes in their order. */
  @FunctionalInterface
  public interface Sink {
    /** Takes all of {@code bytes}, which lie off the heap and are not kept. */
    void write(MemorySegment bytes) throws BlockException;
  }

  private static final MemorySegment ZEROES =
      Arena.global().allocate(64 << 10, Long.BYTES).asReadOnly();

  private final @Nullable Sink sink;
  private long position;

  private StreamOutput(@Nullable Sink sink) {
    this.sink = sink;
  }

  /** An output that only counts. */
  public static StreamOutput toNowhere() {
    return new StreamOutput(null);
  }

  /** An output to {@code sink}. */
  public static StreamOutput to(Sink sink) {
    return new StreamOutput(sink);
  }

  /** How many bytes were written. */
  public long position() {
    return position;
  }

  /** Writes all of {@code bytes}, which lie off the heap. */
  public void write(MemorySegment bytes) throws BlockException {
    if (sink != null) {
      sink.write(bytes);
    }
    position += bytes.byteSize();
  }

  /** Writes small structures. */
  public void write(byte[] bytes) throws BlockException {
    if (sink == null) {
      position += bytes.length;
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, 0, bytes.length);
      write(memory.asSlice(0, bytes.length));
    }
  }

  /** Writes zeroes up to {@code end}; nothing if that much was written already. */
  public void zeroTo(long end) throws BlockException {
    if (sink == null) {
      position = Math.max(position, end);
      return;
    }
    while (position < end) {
      write(ZEROES.asSlice(0, Math.min(ZEROES.byteSize(), end - position)));
    }
  }
}
