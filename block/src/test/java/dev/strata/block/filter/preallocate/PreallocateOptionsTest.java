// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.preallocate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Where a file ends; the corpus has files that grow. */
final class PreallocateOptionsTest {
  @Test
  void endIsAlignedBehindWhatIsNeeded() {
    assertEquals(461824, new PreallocateOptions(512, 3000).fileEnd(458752));
    assertEquals(1 << 20, new PreallocateOptions(1 << 20, 0).fileEnd(1 << 20));
    assertEquals(2 << 20, new PreallocateOptions(1 << 20, 0).fileEnd((1 << 20) + 1));
    assertEquals(15, new PreallocateOptions(0, 5).fileEnd(10));
  }

  @Test
  void whatIsTooFarIsNotAllocated() {
    assertEquals(10, new PreallocateOptions(512, Long.MAX_VALUE).fileEnd(10));
    assertEquals(10, new PreallocateOptions(512, Long.MIN_VALUE).fileEnd(10));
    assertEquals(10, new PreallocateOptions(Long.MIN_VALUE, 5).fileEnd(10));
    assertEquals(10, new PreallocateOptions(Long.MAX_VALUE, 5).fileEnd(10));
  }
}
