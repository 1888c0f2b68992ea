// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import org.jspecify.annotations.Nullable;

/** What a limit counts, in the order in which limits are checked. */
public enum Meter {
  BPS_TOTAL("bps-total", true, null),
  BPS_READ("bps-read", true, Direction.READ),
  BPS_WRITE("bps-write", true, Direction.WRITE),
  IOPS_TOTAL("iops-total", false, null),
  IOPS_READ("iops-read", false, Direction.READ),
  IOPS_WRITE("iops-write", false, Direction.WRITE);

  private final String option;
  private final boolean bytes;
  private final @Nullable Direction only;

  Meter(String option, boolean bytes, @Nullable Direction only) {
    this.option = option;
    this.bytes = bytes;
    this.only = only;
  }

  /** The option's name without what goes before it: {@code bps-total}. */
  public String option() {
    return option;
  }

  /** The name of the option for a burst's rate. */
  public String maxOption() {
    return option + "-max";
  }

  /** The name of the option for a burst's length. */
  public String maxLengthOption() {
    return option + "-max-length";
  }

  /** Whether it counts bytes, not operations. */
  public boolean ofBytes() {
    return bytes;
  }

  /** Whether it counts requests of both directions. */
  boolean isTotal() {
    return only == null;
  }

  /** Whether it counts requests of that direction. */
  boolean counts(Direction direction) {
    return only == null || only == direction;
  }
}
