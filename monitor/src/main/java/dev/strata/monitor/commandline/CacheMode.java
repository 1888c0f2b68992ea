// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import org.jspecify.annotations.Nullable;

/** The named combinations of the three cache switches. */
public enum CacheMode {
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
  public static @Nullable CacheMode of(String word) {
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

  /** Whether the host's page cache is bypassed. */
  public boolean direct() {
    return direct;
  }

  /** Whether flushes are not carried out. */
  public boolean noFlush() {
    return noFlush;
  }

  /** Whether every write is on stable storage when it returns. */
  public boolean writeThrough() {
    return writeThrough;
  }
}
