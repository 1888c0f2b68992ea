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
import dev.strata.block.driver.DriverKind;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What happens to a request between the user of a node and the node's driver: bounds, alignment,
 * overlap, splitting, flags that the driver has not, and what the node remembers of writes.
 */
final class NodeRequests implements BlockIo {
  /** Sizes are below this, so that rounding up to any alignment stays a {@code long}. */
  static final long MAX_LENGTH = Long.MAX_VALUE & -(1L << 30);

  /** The size of a node counts in sectors of so many bytes, as its guest sees it. */
  private static final int SECTOR = 512;

  /** The most bytes that go through a bounce buffer at once. */
  private static final int MAX_BOUNCE = 2 << 20;

  private final BlockNode node;
  private final BlockDriver driver;
  private final BufferPool buffers;
  private volatile Limits limits;
  private volatile long size; // in bytes, grows with writes beyond the end
  private final RequestRanges overlaps = new RequestRanges();
  private volatile boolean tracking;
  private final AtomicLong writes = new AtomicLong(); // completed, so that an idle flush is free
  private final Object flushing = new Object();
  private long flushedWrites; // guarded by flushing

  NodeRequests(BlockNode node, BlockDriver driver, BufferPool buffers) throws BlockException {
    this.node = node;
    this.driver = driver;
    this.buffers = buffers;
    this.limits = driver.limits();
    this.size = sectors(driver.length());
    refresh();
  }

  /** The driver may have other limits or another size now. */
  void refresh() throws BlockException {
    limits = driver.limits();
    size = sectors(driver.length());
    tracking = limits.requestAlignment() > 1 || node.copyOnRead();
  }

  private static long sectors(long length) throws BlockException {
    if (length < 0 || length > MAX_LENGTH) {
      throw BlockException.of(Errno.EFBIG);
    }
    return (length + SECTOR - 1) & -SECTOR;
  }

  Limits limits() {
    return limits;
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
    if (!node.flags().writable()) {
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
    if (!tracking) {
      readAligned(offset, into);
      return;
    }
    if (node.copyOnRead()) {
      CopyOnRead.populate(this, node, offset, inside, buffers);
    }
    RequestRanges.Hold hold = overlaps.share(offset, offset + inside);
    try {
      readPadded(offset, into);
    } finally {
      overlaps.leave(hold);
    }
  }

  /** Reads through a bounce buffer if the driver cannot take the request as it is. */
  private void readPadded(long offset, IoVector into) throws BlockException {
    Limits l = limits;
    long length = into.length();
    int mask = l.requestAlignment() - 1;
    if (((offset | length) & mask) == 0 && into.isAligned(l.memoryAlignment())) {
      readAligned(offset, into);
      return;
    }
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long start = at & ~mask;
      long end = Math.min((offset + length + mask) & ~mask, start + MAX_BOUNCE);
      long part = Math.min(end, offset + length) - at;
      try (BufferPool.Buffer bounce = buffers.acquire(end - start)) {
        readAligned(start, bounce.vector());
        into.copyFrom(done, bounce.segment().asSlice(at - start, part));
      }
      done += part;
    }
  }

  private void readAligned(long offset, IoVector into) throws BlockException {
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
      if (tracking) {
        writePadded(offset, from, flags);
      } else {
        writeAligned(offset, from, flags);
      }
    } finally {
      written(offset, length);
    }
    grown(offset + length);
    flushIfAsked(flags, limits.writeFlags());
  }

  /** A request that wants its bytes on stable storage, of a driver that cannot do that alone. */
  private void flushIfAsked(int flags, int supported) throws BlockException {
    if (RequestFlags.has(flags & ~supported, RequestFlags.FUA)) {
      flush();
    }
  }

  private void written(long offset, long length) {
    writes.incrementAndGet();
    node.bitmaps().mark(offset, length);
  }

  /** A write that succeeded may have made the node longer; one that failed did not. */
  private void grown(long end) {
    if (end > size) {
      synchronized (this) {
        size = Math.max(size, (end + SECTOR - 1) & -SECTOR);
      }
    }
  }

  /** Writes whole blocks, reading first what the request leaves out of its first and last one. */
  private void writePadded(long offset, IoVector from, int flags) throws BlockException {
    Limits l = limits;
    long length = from.length();
    long mask = l.requestAlignment() - 1L;
    boolean whole = ((offset | length) & mask) == 0;
    if (whole && from.isAligned(l.memoryAlignment())) {
      RequestRanges.Hold hold = overlaps.share(offset, offset + length);
      try {
        writeAligned(offset, from, flags);
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
          writeAligned(start, bounce.vector(), flags);
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
    if (offset >= size) {
      into.fill((byte) 0);
    } else {
      readAligned(offset, into);
    }
  }

  private void writeAligned(long offset, IoVector from, int flags) throws BlockException {
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
   * Copies bytes of a file that nobody changes, as a write would.
   *
   * @return how many bytes were copied; 0 if they have to be read and written
   */
  long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    checkRange(offset, length);
    checkWritable();
    long mask = limits.requestAlignment() - 1L;
    // Who wants zeroes found has to look at the bytes.
    if (length == 0 || ((offset | length) & mask) != 0 || node.detectZeroes() != DetectZeroes.OFF) {
      return 0;
    }
    RequestRanges.Hold hold = tracking ? overlaps.share(offset, offset + length) : null;
    long copied = -1;
    try {
      copied = driver.copyFrom(source, sourceOffset, offset, length);
    } finally {
      if (hold != null) {
        overlaps.leave(hold);
      }
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
    long mask = limits.requestAlignment() - 1L;
    long start = (offset + mask) & ~mask;
    long end = (offset + length) & ~mask;
    try {
      if (start > end) {
        zeroByWriting(offset, length);
      } else {
        zeroByWriting(offset, start - offset);
        zeroAligned(start, end - start, flags);
        zeroByWriting(end, offset + length - end);
      }
    } finally {
      written(offset, length);
    }
    grown(offset + length);
    flushIfAsked(flags, limits.writesZeroes() ? limits.zeroFlags() : 0);
  }

  /** A part of a block. */
  private void zeroByWriting(long offset, long length) throws BlockException {
    if (length == 0) {
      return;
    }
    try (BufferPool.Buffer zeroes = buffers.acquire(length)) {
      zeroes.segment().fill((byte) 0);
      writePadded(offset, zeroes.vector(), 0);
    }
  }

  private void zeroAligned(long offset, long length, int flags) throws BlockException {
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
      RequestRanges.Hold hold = tracking ? overlaps.share(at, at + part) : null;
      try {
        zeroPart(at, part, flags);
      } finally {
        if (hold != null) {
          overlaps.leave(hold);
        }
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
        writeAligned(offset + done, zeroes.vector(part), flags & RequestFlags.FUA);
        done += part;
      }
    }
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    checkRange(offset, length);
    checkWritable();
    if (length == 0 || !node.flags().unmap()) {
      return;
    }
    Limits l = limits;
    if (!l.discards()) {
      return;
    }
    long align = Math.max(l.discardAlignment(), l.requestAlignment()); // not a power of two
    long start = (offset + align - 1) / align * align;
    long end = offset + length;
    end -= end >= size ? 0 : end % align;
    long most = l.maxDiscard() == 0 ? Long.MAX_VALUE : l.maxDiscard();
    long max = Math.max(align, most - most % align);
    try {
      for (long at = start; at < end; ) {
        long part = Math.min(max, end - at);
        RequestRanges.Hold hold = tracking ? overlaps.share(at, at + part) : null;
        try {
          driver.discard(at, part);
        } finally {
          if (hold != null) {
            overlaps.leave(hold);
          }
        }
        at += part;
      }
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
    if (!node.flags().writable()) {
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
    } else if (!node.flags().noFlush()) {
      synchronized (flushing) {
        long before = writes.get();
        if (before != flushedWrites) {
          driver.flush();
          flushedWrites = before;
        }
      }
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
    long all = size;
    if (offset >= all || length == 0) {
      throw BlockException.of(Errno.EINVAL, "Status of nothing at offset " + offset);
    }
    length = Math.min(length, all - offset);
    long mask = driver.passesStatusOn() ? 0 : limits.requestAlignment() - 1L;
    long start = offset & ~mask;
    long end = (offset + length + mask) & ~mask;
    Extent extent = driver.status(start, end - start, detail);
    if ((extent.length() & mask) != 0) {
      extent = aligned(extent, mask, detail);
    }
    if (start != offset || extent.length() > length) {
      extent = cut(extent, offset, length);
    }
    if (!extent.allocated() && node.supportsBacking() && !extent.zero()) {
      extent = unallocated(extent);
    }
    return extent.offset() + extent.length() == all ? extent.asEnd() : extent;
  }

  /** Ends an answer at a unit of addressing: one that is not of one kind counts as data. */
  private Extent aligned(Extent extent, long mask, StatusDetail detail) throws BlockException {
    long start = extent.offset();
    if (extent.length() > mask) {
      return cut(extent, start, extent.length() & ~mask);
    }
    Extent data = extent;
    for (long at = start + extent.length(); at <= start + mask; ) {
      Extent next = driver.status(at, start + mask + 1 - at, detail);
      data = next.data() ? next : data;
      at += next.length();
    }
    return new Extent(
        start,
        mask + 1,
        data.data(),
        data.zero(),
        data.allocated(),
        data.compressed(),
        data.file(),
        data.hasPlace() ? data.fileOffset() - (data.offset() - start) : -1,
        false);
  }

  private static Extent cut(Extent extent, long offset, long length) {
    long skipped = offset - extent.offset();
    return new Extent(
        offset,
        Math.min(length, extent.length() - skipped),
        extent.data(),
        extent.zero(),
        extent.allocated(),
        extent.compressed(),
        extent.file(),
        extent.hasPlace() ? extent.fileOffset() + skipped : -1,
        false);
  }

  /** What no layer below holds either reads as zeroes. */
  private Extent unallocated(Extent extent) {
    Edge backing = node.backing();
    if (backing == null) {
      return extent.asZero();
    }
    long covered = backing.length() - extent.offset();
    return covered <= 0 ? extent.asZero() : extent;
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
    if (!node.flags().writable()) {
      throw new BlockException(Errno.EACCES, "Image is read-only");
    }
    long old = size;
    Edge backing = node.backing();
    if (length > old && backing != null && backing.length() > old) {
      flags |= RequestFlags.ZERO_GROWN;
    }
    RequestRanges.Hold hold = tracking ? overlaps.own(Math.min(old, length), Long.MAX_VALUE) : null;
    try {
      driver.truncate(length, exact, mode, flags);
      size = sectors(driver.length());
      node.bitmaps().resize(size);
    } finally {
      if (hold != null) {
        overlaps.leave(hold);
      }
      writes.incrementAndGet();
    }
  }

  /** Holds a range alone while its content is copied up, for copy-on-read. */
  RequestRanges overlaps() {
    return overlaps;
  }

  /** Writes what the caller holds already. */
  void writeHeld(long offset, IoVector from, int flags) throws BlockException {
    writeAligned(offset, from, flags);
    writes.incrementAndGet();
  }
}
