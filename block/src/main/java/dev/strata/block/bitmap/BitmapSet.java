// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.bitmap;

import dev.strata.block.BlockException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The dirty bitmaps of one node, by name. Thread-safe. */
public final class BitmapSet {
  private final List<DirtyBitmap> all = new CopyOnWriteArrayList<>();

  /** No bitmaps yet. */
  public BitmapSet() {}

  /** All, in the order in which they came. */
  public List<DirtyBitmap> all() {
    return List.copyOf(all);
  }

  /** The bitmap of that name, or null. */
  public @Nullable DirtyBitmap find(String name) {
    for (DirtyBitmap bitmap : all) {
      if (bitmap.name().equals(name)) {
        return bitmap;
      }
    }
    return null;
  }

  /** Adds a bitmap; no other has its name. */
  public void add(DirtyBitmap bitmap) {
    all.add(bitmap);
  }

  /** Gives a bitmap up. */
  public void remove(DirtyBitmap bitmap) {
    all.remove(bitmap);
  }

  /** A write has changed that range. */
  public void mark(long offset, long length) {
    if (all.isEmpty()) {
      return;
    }
    for (DirtyBitmap bitmap : all) {
      if (bitmap.enabled()) {
        bitmap.mark(offset, length);
      }
    }
  }

  /** The node has another size now. */
  public void resize(long length) throws BlockException {
    for (DirtyBitmap bitmap : all) {
      bitmap.resize(length);
    }
  }
}
