// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.Allocation;

/** Storage for a run of clusters, or of subclusters in one cluster that has its storage already. */
final class ClusterAllocation implements Allocation {
  private final GuestWrites writes;
  private final long guestOffset;
  private final long length;
  private final Child file;
  private final long hostOffset;
  private final boolean readsZero;
  private final boolean fresh;

  /**
   * An allocation that nothing points to yet.
   *
   * @param fresh whether the clusters were allocated for it, not there before
   */
  ClusterAllocation(
      GuestWrites writes,
      long guestOffset,
      long length,
      Child file,
      long hostOffset,
      boolean readsZero,
      boolean fresh) {
    this.writes = writes;
    this.guestOffset = guestOffset;
    this.length = length;
    this.file = file;
    this.hostOffset = hostOffset;
    this.readsZero = readsZero;
    this.fresh = fresh;
  }

  @Override
  public long guestOffset() {
    return guestOffset;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public Child file() {
    return file;
  }

  @Override
  public long hostOffset() {
    return hostOffset;
  }

  @Override
  public boolean readsZero() {
    return readsZero;
  }

  boolean fresh() {
    return fresh;
  }

  @Override
  public void link() throws BlockException {
    writes.link(this);
  }

  @Override
  public void release() {
    writes.release(this);
  }
}
