// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

/** How a range of a file will be used, as {@code posix_fadvise(2)} takes it. */
public enum AccessAdvice {
  NORMAL(0),
  RANDOM(1),
  SEQUENTIAL(2),

  /** It should be read into the page cache now. */
  WILL_NEED(3),

  /** Its clean pages should leave the page cache. */
  DO_NOT_NEED(4);

  private final int number;

  AccessAdvice(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
