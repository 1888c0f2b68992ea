// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Block;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.FlatRange;
import dev.strata.system.memory.MemoryRegion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The blocks decoded from one physical page, and which of its bytes are code. */
final class CodePage {
  private static final int BUCKETS = 64;

  final long address;
  private final long[] bytes = new long[64];
  private final @Nullable Block[] blocks = new Block[BUCKETS];
  private final List<Region> regions = new ArrayList<>();
  private final List<Block> straddling = new ArrayList<>();
  private @Nullable MemoryRegion marked;
  private long markedOffset;

  CodePage(long address) {
    this.address = address;
  }

  private static int bucket(long physical) {
    return (int) (physical ^ physical >>> 6) & (BUCKETS - 1);
  }

  @Nullable Block find(long physical, int mode) {
    Block block = blocks[bucket(physical)];
    while (block != null && (block.physical != physical || block.mode != mode || !block.valid)) {
      block = block.next;
    }
    return block;
  }

  void add(Block block) {
    int bucket = bucket(block.physical);
    block.next = blocks[bucket];
    blocks[bucket] = block;
  }

  /** A block of the page before, whose last instruction ends here. */
  void addStraddling(Block block) {
    straddling.removeIf(b -> !b.valid);
    straddling.add(block);
  }

  void add(Region region) {
    regions.removeIf(r -> !r.valid());
    regions.add(region);
  }

  void cover(int from, int to) {
    for (int i = from; i < to; i++) {
      bytes[i >> 6] |= 1L << i;
    }
  }

  boolean covers(int from, int to) {
    for (int i = from; i < to; i++) {
      if ((bytes[i >> 6] & 1L << i) != 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * From now on the memory tells of writes to this page.
   *
   * @return false if it does so already, or is no memory
   */
  boolean mark(AddressSpace space) {
    if (marked != null) {
      return false;
    }
    FlatRange range = space.lookup(address);
    if (range == null || !range.region().readable()) {
      return false;
    }
    marked = range.region();
    markedOffset = range.offset(address);
    marked.markCode(markedOffset);
    return true;
  }

  /** All blocks are stale. */
  void drop() {
    for (int i = 0; i < BUCKETS; i++) {
      for (Block b = blocks[i]; b != null; b = b.next) {
        b.valid = false;
      }
      blocks[i] = null;
    }
    Arrays.fill(bytes, 0);
    for (Block b : straddling) {
      b.valid = false;
    }
    straddling.clear();
    regions.forEach(Region::drop);
    regions.clear();
    if (marked != null) {
      marked.unmarkCode(markedOffset);
      marked = null;
    }
  }
}
