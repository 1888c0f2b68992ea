// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.DebugEvent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestRanges;
import dev.strata.block.driver.BlockDriver;

/**
 * Requests that begin or end within a block, or lie in memory where the driver cannot reach them:
 * they go through a bounce buffer of whole blocks.
 */
final class PaddedRequests {
  private static final int MAX_BOUNCE = DriverRequests.MAX_BOUNCE;

  private final NodeRequests node;
  private final DriverRequests requests;
  private final BlockDriver driver;
  private final BufferPool buffers;

  PaddedRequests(
      NodeRequests node, DriverRequests requests, BlockDriver driver, BufferPool buffers) {
    this.node = node;
    this.requests = requests;
    this.driver = driver;
    this.buffers = buffers;
  }

  /** Reads through a bounce buffer if the driver cannot take the request as it is. */
  void read(long offset, IoVector into) throws BlockException {
    Limits l = requests.limits();
    long length = into.length();
    int mask = l.requestAlignment() - 1;
    if (((offset | length) & mask) == 0 && into.isAligned(l.memoryAlignment())) {
      requests.read(offset, into);
      return;
    }
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long start = at & ~mask;
      long end = Math.min((offset + length + mask) & ~mask, start + MAX_BOUNCE);
      long part = Math.min(end, offset + length) - at;
      try (BufferPool.Buffer bounce = buffers.acquire(end - start)) {
        requests.read(start, bounce.vector());
        into.copyFrom(done, bounce.segment().asSlice(at - start, part));
      }
      done += part;
    }
  }

  /** Writes whole blocks, reading first what the request leaves out of its first and last one. */
  void write(long offset, IoVector from, int flags) throws BlockException {
    Limits l = requests.limits();
    RequestRanges overlaps = requests.overlaps();
    long length = from.length();
    long mask = l.requestAlignment() - 1L;
    boolean whole = ((offset | length) & mask) == 0;
    if (whole && from.isAligned(l.memoryAlignment())) {
      RequestRanges.Hold hold = overlaps.share(offset, offset + length);
      try {
        requests.write(offset, from, flags);
      } finally {
        overlaps.leave(hold);
      }
      return;
    }
    long end = offset + length;
    RequestRanges.Hold hold =
        whole ? overlaps.share(offset, end) : overlaps.own(offset & ~mask, (end + mask) & ~mask);
    try {
      for (long at = offset; at < end; ) {
        long start = at & ~mask;
        long stop = Math.min((end + mask) & ~mask, start + MAX_BOUNCE);
        long part = Math.min(stop, end) - at;
        try (BufferPool.Buffer bounce = buffers.acquire(stop - start)) {
          readAround(bounce, start, stop, at, part, (int) mask + 1);
          from.copyTo(at - offset, bounce.segment().asSlice(at - start, part));
          requests.write(start, bounce.vector(), flags);
        }
        at += part;
      }
    } finally {
      overlaps.leave(hold);
    }
  }

  private void readAround(
      BufferPool.Buffer bounce, long start, long stop, long at, long length, int block)
      throws BlockException {
    boolean head = at > start;
    boolean tail = at + length < stop;
    if (head && tail && stop - start <= 2L * block) {
      driver.event(DebugEvent.PWRITEV_RMW_HEAD);
      driver.event(DebugEvent.PWRITEV_RMW_TAIL);
      readBlocks(start, bounce, 0, stop - start);
      driver.event(DebugEvent.PWRITEV_RMW_AFTER_HEAD);
      driver.event(DebugEvent.PWRITEV_RMW_AFTER_TAIL);
      return;
    }
    if (head) {
      driver.event(DebugEvent.PWRITEV_RMW_HEAD);
      readBlocks(start, bounce, 0, block);
      driver.event(DebugEvent.PWRITEV_RMW_AFTER_HEAD);
    }
    if (tail) {
      driver.event(DebugEvent.PWRITEV_RMW_TAIL);
      readBlocks(stop - block, bounce, stop - block - start, block);
      driver.event(DebugEvent.PWRITEV_RMW_AFTER_TAIL);
    }
  }

  private void readBlocks(long offset, BufferPool.Buffer bounce, long at, long length)
      throws BlockException {
    IoVector into = bounce.vector().slice(at, length);
    if (offset >= node.length()) {
      into.fill((byte) 0);
    } else {
      requests.read(offset, into);
    }
  }

  /** Writes zeroes as data, for less than a block. */
  void writeZeroes(long offset, long length) throws BlockException {
    if (length == 0) {
      return;
    }
    try (BufferPool.Buffer zeroes = buffers.acquire(length)) {
      zeroes.segment().fill((byte) 0);
      write(offset, zeroes.vector(), 0);
    }
  }
}
