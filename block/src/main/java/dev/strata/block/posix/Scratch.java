// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory of one thread for the duration of one call: {@code errno}, and the small structures that
 * calls take or fill. Whoever uses it makes no other call of this package in between.
 *
 * <p>The structures are read through a direct buffer, not through {@code MemorySegment}: that would
 * prepare a {@code VarHandle} for each width, a cost at start-up as the first call itself.
 */
final class Scratch {
  /** Bytes for structures: the largest is {@code struct statx} with an empty path behind it. */
  static final int SIZE = 264;

  private static final ThreadLocal<Scratch> OF_THREAD =
      new ThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
          return new Scratch();
        }
      };

  /** {@value #SIZE} bytes in the machine's byte order; the content is left from earlier calls. */
  final ByteBuffer structure = allocate(SIZE);

  /** Where {@link #structure} is in memory. */
  final long address = MemorySegment.ofBuffer(structure).address();

  private final ByteBuffer errnoBuffer = allocate(Integer.BYTES);

  /** What a call's {@code errno} is written to. */
  final MemorySegment errnoSegment = MemorySegment.ofBuffer(errnoBuffer);

  private Scratch() {}

  static Scratch ofThread() {
    return OF_THREAD.get();
  }

  /** The {@code errno} of the call that was last given {@link #errnoSegment}. */
  int errno() {
    return errnoBuffer.getInt(0);
  }

  private static ByteBuffer allocate(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }
}
