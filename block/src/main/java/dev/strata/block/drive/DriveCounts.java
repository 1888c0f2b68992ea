// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Accounts of a drive's requests. Thread-safe.
 *
 * @see "QEMU qapi/block-core.json, BlockDeviceStats"
 */
public final class DriveCounts {
  private static final int KINDS = Access.values().length;

  private final LongSupplier clock; // nanoseconds
  private final boolean accountInvalid;
  private final boolean accountFailed;
  // Guarded by this, by kind of access.
  private final long[] bytes = new long[KINDS];
  private final long[] operations = new long[KINDS];
  private final long[] failed = new long[KINDS];
  private final long[] invalid = new long[KINDS];
  private final long[] nanos = new long[KINDS];
  private final @Nullable LatencyHistogram[] histograms = new LatencyHistogram[KINDS];
  private boolean used;
  private long lastUse;

  /** What all counts were at a moment. */
  public final class Reading {
    private final long[] bytesThen = bytes.clone();
    private final long[] operationsThen = operations.clone();
    private final long[] failedThen = failed.clone();
    private final long[] invalidThen = invalid.clone();
    private final long[] nanosThen = nanos.clone();
    private final @Nullable LatencyHistogram[] histogramsThen = new LatencyHistogram[KINDS];
    private final long idle = used ? Math.max(0, clock.getAsLong() - lastUse) : -1;

    private Reading() {
      for (int kind = 0; kind < KINDS; kind++) {
        LatencyHistogram counted = histograms[kind];
        histogramsThen[kind] = counted == null ? null : counted.copy();
      }
    }

    /** Bytes that were moved, or given back. */
    public long bytes(Access access) {
      return bytesThen[access.ordinal()];
    }

    /** Requests that did what they should. */
    public long operations(Access access) {
      return operationsThen[access.ordinal()];
    }

    /** Requests that failed. */
    public long failed(Access access) {
      return failedThen[access.ordinal()];
    }

    /** Requests that made no sense, as those behind the disk's end. */
    public long invalid(Access access) {
      return invalidThen[access.ordinal()];
    }

    /** How long all requests have taken together. */
    public long nanos(Access access) {
      return nanosThen[access.ordinal()];
    }

    /** How many took how long, or null if nobody has asked for that. */
    public @Nullable LatencyHistogram histogram(Access access) {
      return histogramsThen[access.ordinal()];
    }

    /** Nanoseconds since the last request; -1 if there was none. */
    public long idleNanos() {
      return idle;
    }
  }

  DriveCounts(LongSupplier clock, DriveSettings settings) {
    this.clock = clock;
    this.accountInvalid = settings.accountInvalid();
    this.accountFailed = settings.accountFailed();
  }

  /** Whether requests that make no sense count as use of the drive. */
  public boolean accountInvalid() {
    return accountInvalid;
  }

  /** Whether the time of requests that fail counts. */
  public boolean accountFailed() {
    return accountFailed;
  }

  long now() {
    return clock.getAsLong();
  }

  synchronized void succeeded(Access access, long length, long begun) {
    int kind = access.ordinal();
    bytes[kind] += length;
    operations[kind]++;
    took(kind, begun);
  }

  synchronized void failed(Access access, long begun) {
    int kind = access.ordinal();
    failed[kind]++;
    if (accountFailed) {
      took(kind, begun);
    }
  }

  synchronized void invalid(Access access) {
    invalid[access.ordinal()]++;
    if (accountInvalid) {
      used = true;
      lastUse = clock.getAsLong();
    }
  }

  private void took(int kind, long begun) {
    long now = clock.getAsLong();
    long passed = Math.max(0, now - begun);
    nanos[kind] += passed;
    used = true;
    lastUse = now;
    LatencyHistogram histogram = histograms[kind];
    if (histogram != null) {
      histogram.add(passed);
    }
  }

  /** Begins to count how long requests take, in place of what was counted; null ends that. */
  public synchronized void histogram(Access access, @Nullable LatencyHistogram histogram) {
    histograms[access.ordinal()] = histogram;
  }

  /** All counts as they are now. */
  public synchronized Reading read() {
    return new Reading();
  }
}
