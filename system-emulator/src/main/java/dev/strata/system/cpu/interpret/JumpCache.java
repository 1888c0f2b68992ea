// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Block;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The blocks that jumps have led to, by their linear address; whoever looks checks that. */
final class JumpCache {
  private static final int SLOTS = 4096;
  private static final int SLOTS_PER_PAGE = 64;
  private static final int MOST_LOCAL = 512;

  private final @Nullable Block[] blocks = new Block[SLOTS];

  // Slots of what goes with the address space; more than fit mean all.
  private final int[] local = new int[MOST_LOCAL];
  private int locals;

  /** Those of one page lie together. */
  private static int slot(long linear) {
    int page = (int) (linear >>> 12 ^ linear >>> 18);
    int place = (int) (linear ^ linear >>> 6) & (SLOTS_PER_PAGE - 1);
    return (page * SLOTS_PER_PAGE & (SLOTS - 1)) | place;
  }

  /** What may be at an address. */
  @Nullable Block at(long linear) {
    return blocks[slot(linear)];
  }

  /** Keeps a block; {@code global} if it is there in all address spaces. */
  void enter(long linear, Block block, boolean global) {
    int slot = slot(linear);
    blocks[slot] = block;
    if (!global) {
      if (locals < MOST_LOCAL) {
        local[locals] = slot;
      }
      locals++;
    }
  }

  /** Forgets all. */
  void forget() {
    Arrays.fill(blocks, null);
    locals = 0;
  }

  /** Forgets what is not the same in all address spaces. */
  void forgetLocal() {
    if (locals > MOST_LOCAL) {
      forget();
      return;
    }
    for (int i = 0; i < locals; i++) {
      blocks[local[i]] = null;
    }
    locals = 0;
  }

  /** Forgets the blocks that begin on a page. */
  void forgetPage(long linear) {
    int first = slot(linear) & -SLOTS_PER_PAGE;
    Arrays.fill(blocks, first, first + SLOTS_PER_PAGE, null);
  }
}
