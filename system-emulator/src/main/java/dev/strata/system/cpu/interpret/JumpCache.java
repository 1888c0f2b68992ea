// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Block;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What jumps have led to, by its linear address and the processor's mode: a block, and the region
 * that runs instead.
 *
 * <p>Each entry has a stamp: the mode it was found in, and how often things had been forgotten by
 * then. To forget is to count on, so that it takes no time however much is known. What is the same
 * in all address spaces has a count of its own.
 */
final class JumpCache {
  /** No slot. */
  static final int NONE = -1;

  private static final int SLOT_BITS = 14;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  // A stamp: the mode, the count, and whether it is that of all address spaces.
  private static final int MODE_SHIFT = 44;
  private static final long COUNT = 2;
  private static final long COUNTS = (1L << MODE_SHIFT) - 1;

  // Of each slot its address and stamp, beside each other.
  private final long[] keys = new long[2 << SLOT_BITS];
  private final @Nullable Block[] blocks = new Block[1 << SLOT_BITS];
  private final @Nullable Region[] regions = new Region[1 << SLOT_BITS];

  // Never 0, which is the stamp of an empty slot.
  private long local = COUNT;
  private long global = COUNT | 1;

  private final PageSet localPages = new PageSet();
  private final PageSet globalPages = new PageSet();

  private static int slot(long linear) {
    return (int) ((linear * GOLDEN) >>> (64 - SLOT_BITS));
  }

  /** The slot of what is at an address, or {@link #NONE}. */
  int find(long linear) {
    int slot = slot(linear);
    long stamp = keys[2 * slot + 1];
    return keys[2 * slot] == linear && (stamp == local || stamp == global) ? slot : NONE;
  }

  /** The block in a slot that was found. */
  Block block(int slot) {
    return Objects.requireNonNull(blocks[slot]);
  }

  /** The region that runs instead of it, if that is known. */
  @Nullable Region region(int slot) {
    return regions[slot];
  }

  /** Keeps a block; {@code inAll} address spaces, if it is the same there. */
  void enter(long linear, Block block, boolean inAll) {
    PageSet pages = inAll ? globalPages : localPages;
    pages.add(linear);
    if (block.secondPage != -1) {
      pages.add(linear + 4096);
    }
    int slot = slot(linear);
    keys[2 * slot] = linear;
    keys[2 * slot + 1] = inAll ? global : local;
    blocks[slot] = block;
    regions[slot] = null;
  }

  /** From now on a region runs instead of the block that was found last. */
  void enter(long linear, Region region) {
    regions[slot(linear)] = region;
  }

  /** What is found from now on is found in a mode, of less than 20 bits. */
  void mode(int mode) {
    local = (local & COUNTS) | (long) mode << MODE_SHIFT;
    global = (global & COUNTS) | (long) mode << MODE_SHIFT;
  }

  /** Forgets all. */
  void forget() {
    forgetLocal();
    global = count(global);
    globalPages.clear();
  }

  /** Forgets what is not the same in all address spaces. */
  void forgetLocal() {
    local = count(local);
    localPages.clear();
  }

  // Some 2^42 times: even each microsecond that is seven weeks, and an entry had to outlive them.
  private static long count(long stamp) {
    long next = stamp + COUNT;
    return (stamp & ~COUNTS) | (next & COUNTS);
  }

  /** Forgets the blocks on a page, at least. */
  void forgetPage(long linear) {
    if (localPages.mayContain(linear)) {
      forgetLocal();
    }
    if (globalPages.mayContain(linear)) {
      global = count(global);
      globalPages.clear();
    }
  }

  /** Pages that are in it, and some more. */
  private static final class PageSet {
    private static final int WORDS = 64;

    private final long[] bits = new long[WORDS];
    private boolean empty = true;

    private static long hash(long linear) {
      return (linear >>> 12) * GOLDEN;
    }

    void add(long linear) {
      long hash = hash(linear);
      bits[(int) (hash >>> 58)] |= 1L << (hash >>> 52);
      empty = false;
    }

    boolean mayContain(long linear) {
      long hash = hash(linear);
      return (bits[(int) (hash >>> 58)] & 1L << (hash >>> 52)) != 0;
    }

    void clear() {
      if (!empty) {
        Arrays.fill(bits, 0);
        empty = true;
      }
    }
  }
}
