// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.bitmap;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.Arrays;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** One bit for each {@code granularity} bytes of a node: set, where it was written. Thread-safe. */
public final class DirtyBitmap {
  /** The most bits a bitmap may have: 256 MiB of memory. */
  public static final long MAX_BITS = 1L << 31;

  private final String name;
  private final int granularityBits;
  private long length; // guarded by this
  private long[] words; // guarded by this
  private long dirtyBits; // as many as are set; guarded by this
  private long @Nullable [] later; // what is marked while the bits stay; guarded by this
  private volatile boolean enabled = true;
  private volatile boolean persistent;
  private volatile boolean inconsistent;
  private volatile boolean busy;

  /**
   * A bitmap with all bits clear.
   *
   * @param granularity in bytes; a power of two
   * @param length of the node, in bytes
   */
  public DirtyBitmap(String name, long granularity, long length) throws BlockException {
    if (Long.bitCount(granularity) != 1) {
      throw new BlockException(Errno.EINVAL, "Granularity must be power of 2");
    }
    this.name = name;
    this.granularityBits = Long.numberOfTrailingZeros(granularity);
    this.length = length;
    this.words = new long[wordsFor(length)];
  }

  private int wordsFor(long length) throws BlockException {
    long bits = bitsFor(length);
    if (bits > MAX_BITS) {
      throw new BlockException(
          Errno.ENOMEM, "Bitmap '" + name + "' has more bits than can be kept: " + bits);
    }
    return (int) ((bits + 63) >>> 6);
  }

  private long bitsFor(long length) {
    return length == 0 ? 0 : ((length - 1) >>> granularityBits) + 1;
  }

  public String name() {
    return name;
  }

  /** In bytes. */
  public long granularity() {
    return 1L << granularityBits;
  }

  /** The length of the node that it describes, in bytes. */
  public synchronized long length() {
    return length;
  }

  /** Whether writes mark it. */
  public boolean enabled() {
    return enabled;
  }

  /** Lets writes mark it, or not. */
  public void enable(boolean enabled) {
    this.enabled = enabled;
  }

  /** Whether the image keeps it. */
  public boolean persistent() {
    return persistent;
  }

  /** Has the image keep it, or not. */
  public void keep(boolean persistent) {
    this.persistent = persistent;
  }

  /** Whether the image says that it was not closed properly; its bits then mean nothing. */
  public boolean inconsistent() {
    return inconsistent;
  }

  /** Whether something else works with it, so that users may not. */
  public boolean busy() {
    return busy;
  }

  /** Keeps users from it, or lets them. */
  public void busy(boolean busy) {
    this.busy = busy;
  }

  /** Fails if something else works with it. */
  public void checkIdle() throws BlockException {
    if (busy) {
      throw new BlockException(
          Errno.EBUSY,
          "Bitmap '" + name() + "' is currently in use by another operation and cannot be used");
    }
  }

  /** Fails if something else works with it, or its bits mean nothing. */
  public void checkUsable() throws BlockException {
    checkIdle();
    if (inconsistent) {
      throw new BlockException(
              Errno.EINVAL, "Bitmap '" + name() + "' is inconsistent and cannot be used")
          .withHint("Try block-dirty-bitmap-remove to delete this bitmap from disk");
    }
  }

  /** Says that its bits mean nothing. */
  public void spoil() {
    inconsistent = true;
    enabled = false;
  }

  /** Marks a range as dirty; what lies beyond the length is ignored. */
  public synchronized void mark(long offset, long length) {
    if (later == null) {
      dirtyBits += change(words, offset, length, true);
    } else {
      change(later, offset, length, true);
    }
  }

  /**
   * Its bits stay as they are from now on: what is marked is kept apart, until {@link #join} or
   * {@link #replace}. So a backup of what is dirty now is compared with what is written meanwhile.
   */
  public synchronized void split() {
    if (later != null) {
      throw new IllegalStateException("the bitmap is split already");
    }
    later = new long[words.length];
  }

  /** What was marked since the split is dirty, and what was before it too. */
  public synchronized void join() {
    long[] marked = takeLater();
    for (int i = 0; i < marked.length; i++) {
      words[i] |= marked[i];
    }
    recount();
  }

  /** What was marked since the split is dirty, and nothing else. */
  public synchronized void replace() {
    words = takeLater();
    recount();
  }

  private long[] takeLater() {
    long[] marked = later;
    if (marked == null) {
      throw new IllegalStateException("the bitmap is not split");
    }
    later = null;
    return marked;
  }

  /** Marks all granules that lie wholly in the range as clean. */
  public synchronized void reset(long offset, long length) {
    long granularity = granularity();
    long end = offset + length >= this.length ? this.length : (offset + length) & -granularity;
    long start = (offset + granularity - 1) & -granularity;
    dirtyBits += change(words, start, end - start, false);
  }

  /** Answers how many more bits are set. */
  private long change(long[] bits, long offset, long length, boolean set) {
    long end = Math.min(offset + length, this.length);
    if (end <= offset) {
      return 0;
    }
    long more = 0;
    long first = offset >>> granularityBits;
    long last = (end - 1) >>> granularityBits;
    int firstWord = (int) (first >>> 6);
    int lastWord = (int) (last >>> 6);
    for (int i = firstWord; i <= lastWord; i++) {
      long mask = -1L;
      if (i == firstWord) {
        mask &= -1L << first;
      }
      if (i == lastWord) {
        mask &= -1L >>> (63 - last);
      }
      long old = bits[i];
      bits[i] = set ? old | mask : old & ~mask;
      more += Long.bitCount(bits[i]) - Long.bitCount(old);
    }
    return more;
  }

  /** Marks everything as clean. */
  public synchronized void clear() {
    Arrays.fill(words, 0);
    dirtyBits = 0;
  }

  /** The first dirty byte from {@code from} on and before {@code end}. */
  public synchronized OptionalLong nextDirty(long from, long end) {
    return next(from, end, true);
  }

  /** The first clean byte from {@code from} on and before {@code end}. */
  public synchronized OptionalLong nextClean(long from, long end) {
    return next(from, end, false);
  }

  private OptionalLong next(long from, long end, boolean dirty) {
    end = Math.min(end, length);
    if (from >= end) {
      return OptionalLong.empty();
    }
    long last = (end - 1) >>> granularityBits;
    long bit = from >>> granularityBits;
    while (bit <= last) {
      long word = words[(int) (bit >>> 6)];
      long left = (dirty ? word : ~word) >>> bit;
      if (left != 0) {
        long found = bit + Long.numberOfTrailingZeros(left);
        return found > last
            ? OptionalLong.empty()
            : OptionalLong.of(Math.max(from, found << granularityBits));
      }
      bit = (bit | 63) + 1;
    }
    return OptionalLong.empty();
  }

  /** How many bytes are dirty, in whole granules. */
  public synchronized long count() {
    return dirtyBits << granularityBits;
  }

  private void recount() {
    dirtyBits = 0;
    for (long word : words) {
      dirtyBits += Long.bitCount(word);
    }
  }

  /**
   * Whether {@code other} can be merged into this.
   *
   * @throws BlockException if it is not of the same length
   */
  public void checkMergeable(DirtyBitmap other) throws BlockException {
    if (other.length() != length()) {
      throw new BlockException(
          Errno.EINVAL,
          "Bitmaps are of different sizes (destination size is "
              + length()
              + ", source size is "
              + other.length()
              + ") and can't be merged");
    }
  }

  /** Marks what is dirty in {@code other}, whose granularity may differ. */
  public void merge(DirtyBitmap other) {
    long end = Math.min(length(), other.length());
    for (long at = 0; at < end; ) {
      OptionalLong start = other.nextDirty(at, end);
      if (start.isEmpty()) {
        return;
      }
      at = other.nextClean(start.getAsLong(), end).orElse(end);
      mark(start.getAsLong(), at - start.getAsLong());
    }
  }

  /** Follows a change of the node's size; new granules are clean. */
  public synchronized void resize(long length) throws BlockException {
    words = resized(words, length);
    if (later != null) {
      later = resized(later, length);
    }
    this.length = length;
    recount();
  }

  private long[] resized(long[] from, long length) throws BlockException {
    long[] resized = Arrays.copyOf(from, wordsFor(length));
    long bits = bitsFor(length);
    if ((bits & 63) != 0 && length < this.length) {
      resized[resized.length - 1] &= -1L >>> -bits;
    }
    return resized;
  }

  /**
   * The bits as stored in an image: one a granule, least significant first, in words of 64. What
   * was marked since a split is among them.
   */
  public synchronized long[] toWords() {
    long[] all = words.clone();
    if (later != null) {
      for (int i = 0; i < all.length; i++) {
        all[i] |= later[i];
      }
    }
    return all;
  }

  /** Takes over bits as {@link #toWords} gives them; missing words are clean. */
  public synchronized void setWords(long[] from) {
    Arrays.fill(words, 0);
    System.arraycopy(from, 0, words, 0, Math.min(from.length, words.length));
    long bits = bitsFor(length);
    if ((bits & 63) != 0) {
      words[words.length - 1] &= -1L >>> -bits;
    }
    recount();
  }
}
