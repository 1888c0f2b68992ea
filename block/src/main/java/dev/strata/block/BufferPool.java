// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap buffers, aligned for O_DIRECT, that are used again: a fresh one costs page faults and
 * zeroing, which a copy loop would pay for every request.
 *
 * <p>What the pool keeps is bounded; what its users hold at a time is their business. Thread-safe.
 */
public final class BufferPool {
  /** Of every buffer's address, in bytes; enough for O_DIRECT on any device. */
  public static final int ALIGNMENT = 4096;

  private static final int SMALLEST_BITS = 12;
  private static final int LARGEST_BITS = 24;

  private final long maxIdle;
  private final ArrayDeque<Memory>[] idle;
  private long idleBytes; // guarded by this

  /**
   * An empty pool.
   *
   * @param maxIdle how many bytes may lie in the pool unused
   */
  @SuppressWarnings({"unchecked", "rawtypes"})
  public BufferPool(long maxIdle) {
    this.maxIdle = maxIdle;
    this.idle = new ArrayDeque[LARGEST_BITS - SMALLEST_BITS + 1];
  }

  /** The same bytes twice: to make one from the other again would take classes of its own. */
  private record Memory(ByteBuffer bytes, MemorySegment segment) {}

  /** A buffer that goes back to the pool when closed. */
  public final class Buffer implements AutoCloseable {
    private final Memory memory;
    private final MemorySegment segment;
    private final @Nullable Arena own; // of a buffer that the pool does not keep
    private boolean closed;

    private Buffer(Memory memory, long size, @Nullable Arena own) {
      this.memory = memory;
      this.own = own;
      this.segment = memory.segment.asSlice(0, size);
    }

    /** The bytes of {@link #segment} by index; there may be more behind them. */
    public ByteBuffer bytes() {
      return memory.bytes;
    }

    /** The bytes asked for; their content is left over from the last user. */
    public MemorySegment segment() {
      return segment;
    }

    /** All of the buffer. */
    public IoVector vector() {
      return IoVector.of(segment);
    }

    /** The buffer's first {@code length} bytes. */
    public IoVector vector(long length) {
      return IoVector.of(segment.asSlice(0, length));
    }

    /** Gives the buffer back; nobody may touch it afterwards. A second call does nothing. */
    @Override
    public void close() {
      if (!closed) {
        closed = true;
        if (own != null) {
          own.close();
        } else {
          release(memory);
        }
      }
    }
  }

  /**
   * A buffer of that size with whatever content.
   *
   * @param size in bytes; the caller has bounded it
   */
  @SuppressWarnings("MustBeClosedChecker") // an arena of its own is closed with the buffer
  public Buffer acquire(long size) {
    int bits = sizeBits(size);
    if (bits > LARGEST_BITS) {
      // So rare and so large that it is given back at once, whatever that costs.
      Arena arena = Arena.ofShared();
      try {
        MemorySegment memory = arena.allocate(size, ALIGNMENT);
        return new Buffer(new Memory(memory.asByteBuffer(), memory), size, arena);
      } catch (OutOfMemoryError e) {
        arena.close();
        throw e;
      }
    }
    Memory found = null;
    synchronized (this) {
      ArrayDeque<Memory> shelf = idle[bits - SMALLEST_BITS];
      if (shelf != null) {
        found = shelf.pollLast();
      }
      if (found != null) {
        idleBytes -= found.segment.byteSize();
      }
    }
    return new Buffer(found != null ? found : allocate(1L << bits), size, null);
  }

  private void release(Memory memory) {
    long size = memory.segment.byteSize();
    int bits = sizeBits(size);
    synchronized (this) {
      if (idleBytes + size <= maxIdle) {
        ArrayDeque<Memory> shelf = idle[bits - SMALLEST_BITS];
        if (shelf == null) {
          shelf = new ArrayDeque<>();
          idle[bits - SMALLEST_BITS] = shelf;
        }
        shelf.addLast(memory);
        idleBytes += size;
      }
    }
  }

  // The garbage collector frees it: closing a shared arena would stop every thread. An automatic
  // arena does the same, but costs a short command a third of its time to get ready.
  private static Memory allocate(long size) {
    ByteBuffer memory = ByteBuffer.allocateDirect((int) size + ALIGNMENT);
    ByteBuffer bytes = memory.alignedSlice(ALIGNMENT).slice(0, (int) size);
    return new Memory(bytes, MemorySegment.ofBuffer(bytes));
  }

  private static int sizeBits(long size) {
    return size <= 1L << SMALLEST_BITS ? SMALLEST_BITS : 64 - Long.numberOfLeadingZeros(size - 1);
  }
}
