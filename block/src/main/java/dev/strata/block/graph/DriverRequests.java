// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.driver.BlockDriver;
import org.jspecify.annotations.Nullable;

/**
 * Requests as a driver takes them: of whole blocks, no longer than it can, with the flags that it
 * has.
 */
final class DriverRequests {
  /** The most bytes that go through a bounce buffer at once. */
  static final int MAX_BOUNCE = 2 << 20;

  private final BlockDriver driver;
  private final BufferPool buffers;
  private final RequestRanges overlaps = new RequestRanges();
  private volatile Limits limits;
  private volatile boolean tracking;

  DriverRequests(BlockDriver driver, BufferPool buffers) {
    this.driver = driver;
    this.buffers = buffers;
    this.limits = driver.limits();
  }

  /**
   * The driver may have other limits now.
   *
   * @param copyOnRead whether reads write
   */
  void refresh(boolean copyOnRead) {
    limits = driver.limits();
    tracking = limits.requestAlignment() > 1 || copyOnRead;
  }

  Limits limits() {
    return limits;
  }

  /** Whether requests have to wait for each other, as they may meet in one block. */
  boolean tracking() {
    return tracking;
  }

  RequestRanges overlaps() {
    return overlaps;
  }

  RequestRanges.@Nullable Hold share(long start, long end) {
    return tracking ? overlaps.share(start, end) : null;
  }

  void leave(RequestRanges.@Nullable Hold hold) {
    if (hold != null) {
      overlaps.leave(hold);
    }
  }

  /** Reads whole blocks. */
  void read(long offset, IoVector into) throws BlockException {
    long max = limits.maxTransfer();
    long length = into.length();
    if (max == 0 || length <= max) {
      driver.read(offset, into, 0);
      return;
    }
    for (long done = 0; done < length; done += max) {
      driver.read(offset + done, into.slice(done, Math.min(max, length - done)), 0);
    }
  }

  /** Writes whole blocks. The caller holds the range if ranges are held. */
  void write(long offset, IoVector from, int flags) throws BlockException {
    Limits l = limits;
    int passed = flags & (l.writeFlags() | RequestFlags.WRITE_UNCHANGED);
    if (RequestFlags.has(flags & ~passed, RequestFlags.COMPRESSED)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    driver.event(DebugEvent.PWRITEV);
    long max = l.maxTransfer();
    long length = from.length();
    if (max == 0 || length <= max) {
      driver.write(offset, from, passed);
    } else {
      for (long done = 0; done < length; done += max) {
        driver.write(offset + done, from.slice(done, Math.min(max, length - done)), passed);
      }
    }
    driver.event(DebugEvent.PWRITEV_DONE);
  }

  /**
   * Writes zeroes, unit by unit where the driver has a unit, as data where it cannot do better.
   *
   * @param offset in bytes; a multiple of the request alignment, as the length is
   */
  void writeZeroes(long offset, long length, int flags) throws BlockException {
    Limits l = limits;
    long align = Math.max(l.writeZeroesAlignment(), l.requestAlignment()); // not a power of two
    long most = l.maxWriteZeroes() == 0 ? Long.MAX_VALUE : l.maxWriteZeroes();
    long max = Math.max(align, most - most % align);
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long left = length - done;
      long head = at % align;
      long part;
      if (head != 0) {
        part = Math.min(left, align - head); // up to the first border
      } else if (left > align) {
        part = Math.min(max, left - left % align); // then whole units, the rest last
      } else {
        part = left;
      }
      RequestRanges.Hold hold = share(at, at + part);
      try {
        zeroPart(at, part, flags);
      } finally {
        leave(hold);
      }
      done += part;
    }
  }

  private void zeroPart(long offset, long length, int flags) throws BlockException {
    Limits l = limits;
    driver.event(DebugEvent.PWRITEV_ZERO);
    if (l.writesZeroes()) {
      try {
        driver.writeZeroes(offset, length, flags & (l.zeroFlags() | RequestFlags.NO_FALLBACK));
        return;
      } catch (BlockException e) {
        if (e.errno() != Errno.EOPNOTSUPP) {
          throw e;
        }
      }
    }
    if (RequestFlags.has(flags, RequestFlags.NO_FALLBACK)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    long most = l.maxTransfer() == 0 ? MAX_BOUNCE : Math.min(l.maxTransfer(), MAX_BOUNCE);
    try (BufferPool.Buffer zeroes = buffers.acquire(Math.min(most, length))) {
      zeroes.segment().fill((byte) 0);
      for (long done = 0; done < length; ) {
        long part = Math.min(most, length - done);
        write(offset + done, zeroes.vector(part), flags & RequestFlags.FUA);
        done += part;
      }
    }
  }

  /** Discards whole units of what the driver can discard. */
  void discard(long offset, long length) throws BlockException {
    long align = discardUnit();
    long max = limits.maxDiscard();
    long most = max == 0 ? Long.MAX_VALUE : max;
    long step = Math.max(align, most - most % align);
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long part = Math.min(step, length - done);
      RequestRanges.Hold hold = share(at, at + part);
      try {
        driver.discard(at, part);
      } finally {
        leave(hold);
      }
      done += part;
    }
  }

  /** The unit of {@link #discard} in bytes; any number. */
  long discardUnit() {
    Limits l = limits;
    return Math.max(l.discardAlignment(), l.requestAlignment());
  }
}
