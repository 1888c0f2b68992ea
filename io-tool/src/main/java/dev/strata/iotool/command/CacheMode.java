// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import org.jspecify.annotations.Nullable;

/** The named combinations of the three cache switches. */
enum CacheMode {
  NONE("none", true, false, false),
  DIRECTSYNC("directsync", true, false, true),
  WRITEBACK("writeback", false, false, false),
  UNSAFE("unsafe", false, true, false),
  WRITETHROUGH("writethrough", false, false, true);

  private final String word;
  private final boolean direct;
  private final boolean noFlush;
  private final boolean writeThrough;

  CacheMode(String word, boolean direct, boolean noFlush, boolean writeThrough) {
    this.word = word;
    this.direct = direct;
    this.noFlush = noFlush;
    this.writeThrough = writeThrough;
  }

  /** The mode of that name, or null. */
  static @Nullable CacheMode of(String word) {
    if (word.equals("off")) {
      return NONE;
    }
    for (CacheMode mode : values()) {
      if (mode.word.equals(word)) {
        return mode;
      }
    }
    return null;
  }

  boolean direct() {
    return direct;
  }

  boolean noFlush() {
    return noFlush;
  }

  boolean writeThrough() {
    return writeThrough;
  }
}
