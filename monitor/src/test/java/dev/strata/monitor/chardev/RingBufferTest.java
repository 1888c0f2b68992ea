// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import org.junit.jupiter.api.Test;

/** QEMU qapi/char.json, ringbuf-write: what does not fit pushes out what is oldest. */
final class RingBufferTest {
  @Test
  void whatWasWrittenLastIsKept() throws Exception {
    RingBuffer ring = RingBuffer.of("ringbuf", 4);
    ring.write(new byte[] {1, 2, 3});
    assertArrayEquals(new byte[] {1}, ring.read(1));
    ring.write(new byte[] {4, 5, 6, 7, 8});
    assertArrayEquals(new byte[] {5, 6, 7, 8}, ring.read(100));
    assertEquals(0, ring.read(1).length);
  }

  @Test
  void aSizeThatIsNoPowerOfTwoOrTooLargeIsRefused() {
    for (long size : new long[] {0, -1, 3, 1000, 1L << 31, 1L << 62, Long.MIN_VALUE}) {
      assertThrows(BlockException.class, () -> RingBuffer.of("ringbuf", size), () -> "" + size);
    }
  }
}
