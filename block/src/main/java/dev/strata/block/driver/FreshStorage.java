// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.Child;

/** An {@link Allocation} that knows its places; a format says how it is linked or given back. */
public abstract class FreshStorage implements Allocation {
  private final Child file;
  private final long guestOffset;
  private final long length;
  private final long hostOffset;

  /**
   * Storage in {@code file}.
   *
   * @param guestOffset as {@link #guestOffset}
   * @param length as {@link #length}
   * @param hostOffset as {@link #hostOffset}
   */
  protected FreshStorage(Child file, long guestOffset, long length, long hostOffset) {
    this.file = file;
    this.guestOffset = guestOffset;
    this.length = length;
    this.hostOffset = hostOffset;
  }

  @Override
  public final long guestOffset() {
    return guestOffset;
  }

  @Override
  public final long length() {
    return length;
  }

  @Override
  public final Child file() {
    return file;
  }

  @Override
  public final long hostOffset() {
    return hostOffset;
  }
}
