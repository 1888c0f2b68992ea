// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.Translation;

/**
 * Blocks that run as one. It may be entered at any pc of its entry: the others are known by their
 * distance. Of the interpreter's thread once it is in use.
 *
 * <p>Sites number the operations that may fault or look at the state.
 */
public final class Region implements Translation {
  final Block entry;
  final long[] pages;
  final RegionCode code;
  private final Block[] blocks;
  private final long[] distances;
  private final int[] siteNodes;
  private final int[] siteOperations;
  private final long lowest;
  private final long highest;
  private final long mask;
  private boolean valid = true;

  /**
   * A region.
   *
   * @param blocks of each node of it, the first being the entry; blocks can be in it more than once
   * @param distances of each node's pc from the entry's
   * @param siteNodes of each site, its node
   * @param siteOperations of each site, which operation of its block
   * @param mask what every pc inside is cut to
   */
  public Region(
      RegionCode code,
      Block[] blocks,
      long[] distances,
      int[] siteNodes,
      int[] siteOperations,
      long mask) {
    this.code = code;
    this.entry = blocks[0];
    this.blocks = blocks;
    this.distances = distances;
    this.siteNodes = siteNodes;
    this.siteOperations = siteOperations;
    this.mask = mask;
    long low = 0;
    long high = 0;
    long[] found = new long[2 * blocks.length];
    int count = 0;
    for (int i = 0; i < blocks.length; i++) {
      low = Math.min(low, distances[i]);
      high = Math.max(high, distances[i] + blocks[i].length);
      long[] itsPages = {blocks[i].physical & GuestMemory.PAGE, blocks[i].secondPage};
      for (long page : itsPages) {
        boolean known = page == -1;
        for (int j = 0; j < count; j++) {
          known |= found[j] == page;
        }
        if (!known) {
          found[count++] = page;
        }
      }
    }
    this.lowest = low;
    this.highest = high;
    this.pages = java.util.Arrays.copyOf(found, count);
  }

  /** What runs it. */
  public RegionCode code() {
    return code;
  }

  /** Whether none of its code has changed. */
  public boolean valid() {
    return valid;
  }

  /** Whether its blocks are all as they were when it was formed. */
  public boolean current() {
    for (Block block : blocks) {
      if (!block.valid) {
        return false;
      }
    }
    return true;
  }

  /** It is not run again. */
  public void drop() {
    valid = false;
    if (entry.translation == this) {
      entry.translation = null;
      entry.executions = 0;
    }
  }

  /** Physical memory: whether code of a page is in it. */
  boolean covers(long page) {
    for (long p : pages) {
      if (p == page) {
        return true;
      }
    }
    return false;
  }

  /** Whether no pc inside wraps or is beyond the limit when it is entered at {@code pc}. */
  boolean fits(long pc, long limit) {
    long low = pc + lowest;
    long high = pc + highest;
    return (low & mask) == low
        && (high & mask) == high
        && Long.compareUnsigned(low, pc) <= 0
        && Long.compareUnsigned(pc, high) <= 0
        && Long.compareUnsigned(high, limit) <= 0;
  }

  /** Whether {@code pc} leads to a node without a walk of page tables. */
  public boolean leadsTo(Interpreter core, int node, long pc) {
    return core.leadsTo(pc, blocks[node]);
  }

  /**
   * Where the guest is, at a site; all else of the state has been told.
   *
   * @param pc of the entry
   */
  public void at(Interpreter core, int site, long pc, long instructions) {
    int node = siteNodes[site];
    core.current = blocks[node];
    core.at = siteOperations[site];
    core.slots[core.pcSlot] = pc + distances[node];
    core.instructions = instructions;
  }

  /** Where the guest is as the region is left. */
  public void left(Interpreter core, long pc, long instructions) {
    core.slots[core.pcSlot] = pc;
    core.instructions = instructions;
  }
}
