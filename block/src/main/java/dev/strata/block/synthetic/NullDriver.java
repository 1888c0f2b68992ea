// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.synthetic;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes what is written and forgets it. */
final class NullDriver implements BlockDriver {
  private final @Nullable String exactFilename;
  private final long size;
  private final long latencyNanos;
  private final boolean readsZeroes;

  NullDriver(@Nullable String exactFilename, long size, long latencyNanos, boolean readsZeroes) {
    this.exactFilename = exactFilename;
    this.size = size;
    this.latencyNanos = latencyNanos;
    this.readsZeroes = readsZeroes;
  }

  @Override
  public Limits limits() {
    return Limits.NONE;
  }

  @Override
  public @Nullable String exactFilename() {
    return exactFilename;
  }

  @Override
  public long length() {
    return size;
  }

  @Override
  public long allocatedSize() {
    return 0;
  }

  /** Without {@code read-zeroes} the memory stays as it is: that is what makes it quick. */
  @Override
  public void read(long offset, IoVector into, int flags) {
    if (readsZeroes) {
      into.fill((byte) 0);
    }
    takeTime();
  }

  @Override
  public void write(long offset, IoVector from, int flags) {
    takeTime();
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public void flush() {
    takeTime();
  }

  private void takeTime() {
    if (latencyNanos == 0) {
      return;
    }
    boolean interrupted = false;
    long end = System.nanoTime() + latencyNanos;
    for (long left = latencyNanos; left > 0; left = end - System.nanoTime()) {
      try {
        TimeUnit.NANOSECONDS.sleep(left);
      } catch (InterruptedException e) {
        interrupted = true; // a request is not abandoned half way
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return new Extent(
        offset,
        length,
        false,
        readsZeroes,
        readsZeroes,
        false,
        null,
        readsZeroes ? offset : -1,
        false);
  }

  @Override
  public void close() {}
}
