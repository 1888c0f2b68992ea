// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.BufferPool;
import dev.strata.block.CopyOffload;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockEvent.WriteThresholdExceeded;
import dev.strata.block.driver.DriverKind;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a request between the user of a node and the node's driver: bounds, detected
 * zeroes, and what the node remembers of writes. Alignment is {@link PaddedRequests}' business,
 * splitting and flags that the driver has not are {@link DriverRequests}'.
 */
final class NodeRequests implements BlockIo {
  /** Sizes are below this, so that rounding up to any alignment stays a {@code long}. */
  static final long MAX_LENGTH = Long.MAX_VALUE & -(1L << 30);

  /** The size of a node counts in sectors of so many bytes, as its guest sees it. */
  private static final int SECTOR = 512;

  private final BlockNode node;
  private final BlockDriver driver;
  private final BufferPool buffers;
  private final DriverRequests requests;
  private final PaddedRequests padded;
  private final NodeStatus status;
  private volatile long size; // in bytes, grows with writes beyond the end
  private volatile long notable; // a write beyond that is noted
  private long highestWrite; // guarded by this
  private long threshold; // in bytes, 0 for none; guarded by this
  private final AtomicLong writes = new AtomicLong(); // completed, so that an idle flush is free
  private final Object flushing = new Object();
  private long flushedWrites; // guarded by flushing

  /**
   * Requests to a driver.
   *
   * @param before the same to the one whose place it takes; null if it is the first
   */
  NodeRequests(
      BlockNode node, BlockDriver driver, BufferPool buffers, @Nullable NodeRequests before)
      throws BlockException {
    this.node = node;
    this.driver = driver;
    this.buffers = buffers;
    this.requests = new DriverRequests(driver, buffers);
    this.padded = new PaddedRequests(this, requests, driver, buffers);
    this.status = new NodeStatus(node, this, driver);
    this.size = sectors(driver.length());
    if (before != null) {
      synchronized (before) {
        highestWrite = before.highestWrite;
        threshold = before.threshold;
        notable = before.notable;
      }
    }
    refresh();
  }

  /** The driver may have other limits or another size now. */
  void refresh() throws BlockException {
    size = sectors(driver.length());
    requests.refresh(node.copyOnRead());
  }

  private static long sectors(long length) throws BlockException {
    if (length < 0 || length > MAX_LENGTH) {
      throw BlockException.of(Errno.EFBIG);
    }
    return (length + SECTOR - 1) & -SECTOR;
  }

  Limits limits() {
    return requests.limits();
  }

  @Override
  public long length() {
    return size;
  }

  private static void checkRange(long offset, long length) throws BlockException {
    if (offset < 0 || length < 0 || offset > MAX_LENGTH - length) {
      throw BlockException.of(Errno.EIO);
    }
  }

  private void checkWritable() throws BlockException {
    if (!node.flags().writesNow()) {
      throw BlockException.of(Errno.EPERM);
    }
  }

  // Reads

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    long length = into.length();
    checkRange(offset, length);
    long inside = Math.clamp(size - offset, 0, length);
    if (inside < length) {
      into.slice(inside, length - inside).fill((byte) 0);
      into = into.slice(0, inside);
    }
    if (inside == 0) {
      return;
    }
    if (!requests.tracking()) {
      requests.read(offset, into);
      return;
    }
    if (node.copyOnRead()) {
      CopyOnRead.populate(this, node, offset, inside, buffers);
    }
    RequestRanges.Hold hold = requests.share(offset, offset + inside);
    try {
      padded.read(offset, into);
    } finally {
      requests.leave(hold);
    }
  }

  // Writes

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    long length = from.length();
    checkRange(offset, length);
    checkWritable();
    if (length == 0) {
      return;
    }
    if (node.detectZeroes() != DetectZeroes.OFF
        && !RequestFlags.has(flags, RequestFlags.COMPRESSED)
        && from.isZero()) {
      int unmap = node.detectZeroes() == DetectZeroes.UNMAP ? RequestFlags.MAY_UNMAP : 0;
      writeZeroes(offset, length, (flags & RequestFlags.FUA) | unmap);
      return;
    }
    try {
      if (requests.tracking()) {
        padded.write(offset, from, flags);
      } else {
        requests.write(offset, from, flags);
      }
    } finally {
      written(offset, length);
    }
    grown(offset + length);
    flushIfAsked(flags, limits().writeFlags());
  }

  /** A request that wants its bytes on stable storage, of a driver that cannot do that alone. */
  private void flushIfAsked(int flags, int supported) throws BlockException {
    if (RequestFlags.has(flags & ~supported, RequestFlags.FUA)) {
      flush();
    }
  }

  private void written(long offset, long length) {
    writes.incrementAndGet();
    long end = offset + length;
    if (end > notable) {
      noteWrite(end);
    }
    node.bitmaps().mark(offset, length);
  }

  private void noteWrite(long end) {
    long passed = 0;
    synchronized (this) {
      highestWrite = Math.max(highestWrite, end);
      if (isBeyondThreshold(end)) {
        passed = threshold;
        threshold = 0; // once
      }
      updateNotable();
    }
    if (passed != 0) {
      node.graph().tell(new WriteThresholdExceeded(node.name(), end - passed, passed));
    }
  }

  /** The caller holds the lock. A threshold that is negative as a number is far beyond any node. */
  private boolean isBeyondThreshold(long end) {
    return threshold > 0 && end > threshold;
  }

  /** The caller holds the lock. */
  private void updateNotable() {
    notable = threshold > 0 ? Math.min(highestWrite, threshold) : highestWrite;
  }

  /** How far it has been written since it was opened, in bytes from the start. */
  synchronized long highestWrite() {
    return highestWrite;
  }

  /** The threshold in bytes; 0 if there is none. */
  synchronized long threshold() {
    return threshold;
  }

  /** Has the graph's owner hear of the next write that goes further than that; 0 for none. */
  synchronized void threshold(long bytes) {
    threshold = bytes;
    updateNotable();
  }

  /** A write that succeeded may have made the node longer; one that failed did not. */
  private void grown(long end) {
    if (end > size) {
      synchronized (this) {
        size = Math.max(size, (end + SECTOR - 1) & -SECTOR);
      }
    }
  }

  /**
   * Copies bytes of a file that nobody changes, as a write would.
   *
   * @return how many bytes were copied; 0 if they have to be read and written
   */
  long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    checkRange(offset, length);
    checkWritable();
    long mask = limits().requestAlignment() - 1L;
    // Who wants zeroes found has to look at the bytes.
    if (length == 0 || ((offset | length) & mask) != 0 || node.detectZeroes() != DetectZeroes.OFF) {
      return 0;
    }
    RequestRanges.Hold hold = requests.share(offset, offset + length);
    long copied = -1;
    try {
      copied = driver.copyFrom(source, sourceOffset, offset, length);
    } finally {
      requests.leave(hold);
      if (copied != 0) {
        written(offset, copied < 0 ? length : copied); // a failure may have written anything
      }
    }
    grown(offset + copied);
    return copied;
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    checkRange(offset, length);
    checkWritable();
    if (length == 0) {
      return;
    }
    if (!node.flags().unmap()) {
      flags &= ~RequestFlags.MAY_UNMAP;
    }
    long mask = limits().requestAlignment() - 1L;
    long start = (offset + mask) & ~mask;
    long end = (offset + length) & ~mask;
    try {
      if (start > end) {
        padded.writeZeroes(offset, length);
      } else {
        padded.writeZeroes(offset, start - offset);
        requests.writeZeroes(start, end - start, flags);
        padded.writeZeroes(end, offset + length - end);
      }
    } finally {
      written(offset, length);
    }
    grown(offset + length);
    flushIfAsked(flags, limits().writesZeroes() ? limits().zeroFlags() : 0);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    checkRange(offset, length);
    checkWritable();
    if (length == 0 || !node.flags().unmap() || !limits().discards()) {
      return;
    }
    long unit = requests.discardUnit();
    long start = (offset + unit - 1) / unit * unit;
    long end = offset + length;
    end -= end >= size ? 0 : end % unit;
    try {
      requests.discard(start, end - start);
    } catch (BlockException e) {
      // A discard is advice: a driver that cannot take it has done nothing wrong.
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    } finally {
      writes.incrementAndGet();
      node.bitmaps().mark(offset, length);
    }
  }

  // Flush, status, size

  @Override
  public void flush() throws BlockException {
    if (!node.flags().writesNow()) {
      return;
    }
    if (node.kind() == DriverKind.FORMAT) {
      List<Edge> children = node.edges();
      if (!children.isEmpty()) {
        children.get(0).event(DebugEvent.FLUSH_TO_OS);
      }
      driver.flush();
      if (!children.isEmpty()) {
        children.get(0).event(DebugEvent.FLUSH_TO_DISK);
      }
    } else if (driver.flushesChildren()) {
      driver.flush(); // they know by themselves whether there is anything to do
    } else if (!node.flags().noFlush()) {
      synchronized (flushing) {
        long before = writes.get();
        if (before != flushedWrites) {
          driver.flush();
          flushedWrites = before;
        }
      }
    }
    if (driver.flushesChildren()) {
      return;
    }
    for (Edge edge : node.edges()) {
      if (edge.writable()) {
        edge.flush();
      }
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    checkRange(offset, length);
    return status.of(offset, length, detail);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    if (length < 0) {
      throw new BlockException(Errno.EINVAL, "Image size cannot be negative");
    }
    if (length > MAX_LENGTH) {
      throw new BlockException(
          Errno.EINVAL, "Required too big image size, it must be not greater than " + MAX_LENGTH);
    }
    if (!node.flags().writesNow()) {
      throw new BlockException(Errno.EACCES, "Image is read-only");
    }
    long old = size;
    Edge backing = node.backing();
    if (length > old && backing != null && backing.length() > old) {
      flags |= RequestFlags.ZERO_GROWN;
    }
    RequestRanges.Hold hold =
        requests.tracking() ? requests.overlaps().own(Math.min(old, length), Long.MAX_VALUE) : null;
    try {
      driver.truncate(length, exact, mode, flags);
      synchronized (this) { // a write at the same time may make it longer, too
        size = sectors(driver.length());
      }
      node.bitmaps().resize(size);
    } finally {
      requests.leave(hold);
      writes.incrementAndGet();
    }
  }

  /** Holds a range alone while its content is copied up, for copy-on-read. */
  RequestRanges overlaps() {
    return requests.overlaps();
  }

  /** Writes what the caller holds already. */
  void writeHeld(long offset, IoVector from, int flags) throws BlockException {
    requests.write(offset, from, flags);
    writes.incrementAndGet();
  }
}
