// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
  private final BufferPool pool = new BufferPool(1 << 20);

  @Test
  void aBufferIsUsedAgain() {
    MemorySegment first;
    try (BufferPool.Buffer buffer = pool.acquire(5000)) {
      first = buffer.segment();
      assertEquals(5000, first.byteSize());
      assertEquals(0, first.address() % BufferPool.ALIGNMENT);
    }
    try (BufferPool.Buffer buffer = pool.acquire(6000)) {
      assertEquals(first.address(), buffer.segment().address());
      assertSame(first.scope(), buffer.segment().scope());
    }
  }

  @Test
  void aLargeBufferIsGivenBackToTheSystemAtOnce() {
    MemorySegment memory;
    try (BufferPool.Buffer buffer = pool.acquire(100 << 20)) {
      memory = buffer.segment();
      assertEquals(0, memory.address() % BufferPool.ALIGNMENT);
      assertTrue(memory.scope().isAlive());
    }
    assertFalse(memory.scope().isAlive());
  }
}
