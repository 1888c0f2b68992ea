// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.CopyOffload;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;

/**
 * A format that maps guest bytes to places in a file: the format says where, this class moves the
 * bytes. So reading, block status, copy-on-write, the order of writes and what may run in parallel
 * exist once.
 *
 * <p>The format's methods are called with the guest range held: shared for {@link #map} of a
 * request that only moves bytes, exclusively for whatever changes the map there. Ranges of
 * concurrent calls that change the map never overlap within {@link #granularity}; the format locks
 * its own tables.
 */
public abstract class MappedImage implements BlockDriver {
  private final OpenContext context;
  private final RequestRanges ranges = new RequestRanges();

  /** An image of the node behind {@code context}. */
  protected MappedImage(OpenContext context) {
    this.context = context;
  }

  /** What the graph offers. */
  protected final OpenContext context() {
    return context;
  }

  /**
   * The guest bytes that the map treats as one (a cluster), not always a power of two; requests
   * that change the map have their range alone up to these borders.
   */
  protected abstract long granularity();

  /**
   * Where the bytes at {@code guestOffset} lie: the first run, at most {@code length} bytes.
   *
   * @throws BlockException if the map is corrupt or cannot be read
   */
  protected abstract Mapping map(long guestOffset, long length) throws BlockException;

  /**
   * Fresh storage for the first bytes of that range, which {@link #map} says is not writable.
   *
   * @param continues whether the same request has just allocated the bytes before {@code
   *     guestOffset}: they had better lie in a row in the file too
   * @return an allocation that contains {@code guestOffset}; it may be shorter than asked for
   */
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    throw BlockException.of(Errno.EROFS); // of a format that is only read
  }

  /**
   * Prepares for a write to storage that {@link #map} calls writable; throws if it is none of the
   * guest's.
   */
  protected void beforeWriteInPlace(long guestOffset, long hostOffset, long length)
      throws BlockException {}

  /** Whether so much of the file is holes that block status has to look for zeroes there. */
  protected boolean hasHoles() throws BlockException {
    return false;
  }

  /** Reads bytes that {@link #map} calls encoded. */
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /**
   * Whether bytes that {@link #map} calls data lie encrypted: {@link #readStored} and {@link
   * #writeStored} see to that, and nobody is told where they lie.
   */
  protected boolean storesEncrypted() {
    return false;
  }

  /** Reads bytes that have a place. */
  protected void readStored(long guestOffset, Mapping.Data place, IoVector into)
      throws BlockException {
    place.file().read(place.offset(), into, 0);
  }

  /** Writes bytes to their place. */
  protected void writeStored(
      long guestOffset, Child file, long hostOffset, IoVector from, int flags)
      throws BlockException {
    file.write(hostOffset, from, flags);
  }

  /**
   * Writes one cluster, but for the image's end a whole one, in encoded form.
   *
   * @return false if that would take no less room: the bytes are then written as they are
   */
  protected boolean writeEncoded(long guestOffset, IoVector from) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /**
   * Whether everything is stored in encoded form: a write that does not ask for that is one that
   * does.
   */
  protected boolean storesEncoded() {
    return false;
  }

  /**
   * Bytes of the backing file are about to be read as this image's.
   *
   * @throws BlockException if they are not, for that file has changed since
   */
  protected void beforeReadingBacking() throws BlockException {}

  /** How far {@link #map} knows bytes: the size, or more where state is kept behind the disk. */
  protected long mappedLength() throws BlockException {
    return length();
  }

  /**
   * Makes the range read as zeroes by changing the map; the range is held exclusively.
   *
   * @throws BlockException {@link Errno#EOPNOTSUPP} if the map cannot say so: the graph then writes
   *     zeroes
   */
  protected void zeroRange(long guestOffset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /**
   * Gives up the storage of the range, held exclusively.
   *
   * @throws BlockException {@link Errno#EOPNOTSUPP} if the map cannot give any up
   */
  protected void discardRange(long guestOffset, long length) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /** Holds all of the image exclusively while {@code work} changes the map at large. */
  protected final void alone(MapChange work) throws BlockException {
    RequestRanges.Hold hold = ranges.own(0, Long.MAX_VALUE);
    try {
      work.run();
    } finally {
      ranges.leave(hold);
    }
  }

  /** A change of the map at large. */
  @FunctionalInterface
  protected interface MapChange {
    void run() throws BlockException;
  }

  @Override
  public final void read(long offset, IoVector into, int flags) throws BlockException {
    RequestRanges.Hold hold = ranges.share(offset, offset + into.length());
    try {
      readHeld(offset, into);
    } finally {
      ranges.leave(hold);
    }
  }

  /** Reads guest bytes while the caller holds their range. */
  protected final void readHeld(long offset, IoVector into) throws BlockException {
    long length = into.length();
    for (long done = 0; done < length; ) {
      Mapping mapping = map(offset + done, length - done);
      IoVector part = into.slice(done, mapping.length());
      if (mapping instanceof Mapping.Data data) {
        data.file().event(DebugEvent.READ_AIO);
        readStored(offset + done, data, part);
      } else if (mapping instanceof Mapping.Zero) {
        part.fill((byte) 0);
      } else if (mapping instanceof Mapping.Backing) {
        readBacking(offset + done, part);
      } else {
        readEncoded(offset + done, part);
      }
      done += mapping.length();
    }
  }

  private void readBacking(long offset, IoVector into) throws BlockException {
    Child backing = context.backing();
    if (backing == null) {
      into.fill((byte) 0);
      return;
    }
    beforeReadingBacking();
    backing.event(DebugEvent.READ_BACKING_AIO);
    backing.read(offset, into, 0);
  }

  @Override
  public final void write(long offset, IoVector from, int flags) throws BlockException {
    long length = from.length();
    if (RequestFlags.has(flags, RequestFlags.COMPRESSED) || storesEncoded()) {
      writeCompressed(offset, from, flags & ~RequestFlags.COMPRESSED);
      return;
    }
    boolean allocated = false;
    for (long done = 0; done < length; ) {
      IoVector rest = from.slice(done, length - done);
      long written = writeInPlace(offset + done, rest, flags);
      if (written > 0) {
        allocated = false;
      } else {
        written = writeAllocating(offset + done, rest, flags, allocated);
        allocated = true;
      }
      done += written;
    }
  }

  /** Writes guest bytes while the caller holds all of the image. */
  protected final void writeHeld(long offset, IoVector from) throws BlockException {
    for (long done = 0; done < from.length(); ) {
      done += writeOwned(offset + done, from.slice(done, from.length() - done), 0, false);
    }
  }

  private void writeCompressed(long offset, IoVector from, int flags) throws BlockException {
    long cluster = granularity();
    long end = offset + from.length();
    if (offset % cluster != 0 || (end % cluster != 0 && end != length())) {
      throw BlockException.of(Errno.EINVAL);
    }
    for (long at = offset; at < end; at += cluster) {
      IoVector part = from.slice(at - offset, Math.min(cluster, end - at));
      RequestRanges.Hold hold = ranges.own(at, at + cluster);
      try {
        if (!writeEncoded(at, part)) {
          writeOwned(at, part, flags, false);
        }
      } finally {
        ranges.leave(hold);
      }
    }
  }

  /** Writes the first run if it has a place already; returns how many bytes that were, or 0. */
  private long writeInPlace(long offset, IoVector from, int flags) throws BlockException {
    RequestRanges.Hold hold = ranges.share(offset, offset + from.length());
    try {
      return writeMapped(offset, map(offset, from.length()), from, flags);
    } finally {
      ranges.leave(hold);
    }
  }

  private long writeMapped(long offset, Mapping mapping, IoVector from, int flags)
      throws BlockException {
    if (!(mapping instanceof Mapping.Data data && data.writable())) {
      return 0;
    }
    beforeWriteInPlace(offset, data.offset(), data.length());
    data.file().event(DebugEvent.WRITE_AIO);
    writeStored(offset, data.file(), data.offset(), from.slice(0, data.length()), flags);
    return data.length();
  }

  private long writeAllocating(long offset, IoVector from, int flags, boolean continues)
      throws BlockException {
    long end = offset + from.length();
    RequestRanges.Hold hold = ranges.own(clusterStart(offset), clusterEnd(end));
    try {
      return writeOwned(offset, from, flags, continues);
    } finally {
      ranges.leave(hold);
    }
  }

  /** Writes the first run while the range is held alone; returns how many bytes that were. */
  private long writeOwned(long offset, IoVector from, int flags, boolean continues)
      throws BlockException {
    // Another write may have allocated it while this one waited.
    long written = writeMapped(offset, map(offset, from.length()), from, flags);
    if (written > 0) {
      return written;
    }
    Allocation allocation = allocate(offset, from.length(), continues);
    boolean linked = false;
    try {
      long end = offset + from.length();
      long last = Math.min(end, allocation.guestOffset() + allocation.length());
      fill(allocation, offset, from.slice(0, last - offset), flags);
      allocation.link();
      linked = true;
      return last - offset;
    } finally {
      if (!linked) {
        allocation.release();
      }
    }
  }

  /** Writes the data and what has to be copied around them, in one request if that can be. */
  private void fill(Allocation allocation, long offset, IoVector data, int flags)
      throws BlockException {
    long dataEnd = offset + data.length();
    long start = allocation.guestOffset();
    long headLength = offset - start;
    long tailLength = start + allocation.length() - dataEnd;
    boolean headZero = headLength == 0 || readsZero(start, headLength);
    boolean tailZero = tailLength == 0 || readsZero(dataEnd, tailLength);
    boolean zeroed = false;
    // Zeroes in the file are no zeroes to whom decrypts them.
    if (headLength + tailLength > 0 && headZero && tailZero && !storesEncrypted()) {
      // A call for each cluster takes more time than the first half of its bytes.
      zeroed =
          (allocation.isReserved() && allocation.readsZero())
              || zeroStorage(allocation)
              || allocation.readsZero();
    }
    boolean head = headLength > 0 && !zeroed;
    boolean tail = tailLength > 0 && !zeroed;
    if (!head && !tail) {
      allocation.file().event(DebugEvent.WRITE_AIO);
      writeStored(offset, allocation.file(), allocation.hostOffset() + headLength, data, flags);
      return;
    }
    try (BufferPool.Buffer around =
        context.buffers().acquire((head ? headLength : 0) + (tail ? tailLength : 0))) {
      allocation.file().event(DebugEvent.COW_READ);
      IoVector all = data;
      long used = 0;
      if (head) {
        IoVector before = around.vector().slice(0, headLength);
        readClipped(start, before);
        all = before.followedBy(all);
        used = headLength;
      }
      if (tail) {
        IoVector after = around.vector().slice(used, tailLength);
        readClipped(dataEnd, after);
        all = all.followedBy(after);
      }
      allocation.file().event(DebugEvent.COW_WRITE);
      allocation.file().event(DebugEvent.WRITE_AIO);
      long skipped = head ? 0 : headLength;
      writeStored(
          start + skipped, allocation.file(), allocation.hostOffset() + skipped, all, flags);
    }
  }

  /** Zeroes an allocation in one go, if the file below can do that without writing zeroes. */
  private static boolean zeroStorage(Allocation allocation) throws BlockException {
    try {
      allocation.file().event(DebugEvent.CLUSTER_ALLOC_SPACE);
      allocation
          .file()
          .writeZeroes(allocation.hostOffset(), allocation.length(), RequestFlags.NO_FALLBACK);
      return true;
    } catch (BlockException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      return false;
    }
  }

  /** As {@link #readHeld}, but what lies beyond the image's end is zeroes. */
  private void readClipped(long offset, IoVector into) throws BlockException {
    long inside = Math.clamp(mappedLength() - offset, 0, into.length());
    if (inside > 0) {
      readHeld(offset, into.slice(0, inside));
    }
    if (inside < into.length()) {
      into.slice(inside, into.length() - inside).fill((byte) 0);
    }
  }

  /** Whether the map alone tells that the range reads as zeroes. */
  protected final boolean readsZero(long offset, long length) throws BlockException {
    long end = Math.min(offset + length, mappedLength());
    for (long at = offset; at < end; ) {
      Mapping mapping = map(at, end - at);
      boolean zero =
          mapping instanceof Mapping.Zero
              || (mapping instanceof Mapping.Backing && backingReadsZero(at, mapping.length()));
      if (!zero) {
        return false;
      }
      at += mapping.length();
    }
    return true;
  }

  private boolean backingReadsZero(long offset, long length) throws BlockException {
    Child backing = context.backing();
    return backing == null || offset >= backing.length() || knownZero(backing, offset, length);
  }

  private static boolean knownZero(Child backing, long offset, long length) throws BlockException {
    long end = Math.min(offset + length, backing.length());
    for (long at = offset; at < end; ) {
      Extent extent = backing.status(at, end - at, StatusDetail.ZEROES);
      if (!extent.zero()) {
        return false;
      }
      at += extent.length();
    }
    return true;
  }

  @Override
  public final long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    if (storesEncrypted() || storesEncoded()) {
      return 0;
    }
    RequestRanges.Hold hold = ranges.share(offset, offset + length);
    try {
      if (map(offset, length) instanceof Mapping.Data data && data.writable()) {
        beforeWriteInPlace(offset, data.offset(), data.length());
        return data.file().copyFrom(source, sourceOffset, data.offset(), data.length());
      }
    } finally {
      ranges.leave(hold);
    }
    hold = ranges.own(clusterStart(offset), clusterEnd(offset + length));
    try {
      return copyAllocating(source, sourceOffset, offset, length);
    } finally {
      ranges.leave(hold);
    }
  }

  /**
   * Copies into fresh storage, if the bytes fill it: what is around them is for a write to copy.
   */
  private long copyAllocating(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    // Another write may have allocated it while this one waited.
    if (offset % granularity() != 0
        || length < granularity()
        || map(offset, length) instanceof Mapping.Data) {
      return 0;
    }
    Allocation allocation = allocate(offset, length - length % granularity(), false);
    boolean linked = false;
    try {
      if (allocation.guestOffset() != offset || allocation.length() > length) {
        return 0;
      }
      for (long done = 0; done < allocation.length(); ) {
        long copied =
            allocation
                .file()
                .copyFrom(
                    source,
                    sourceOffset + done,
                    allocation.hostOffset() + done,
                    allocation.length() - done);
        if (copied == 0) {
          return 0;
        }
        done += copied;
      }
      allocation.link();
      linked = true;
      return allocation.length();
    } finally {
      if (!linked) {
        allocation.release();
      }
    }
  }

  @Override
  public final void writeZeroes(long offset, long length, int flags) throws BlockException {
    RequestRanges.Hold hold = ranges.own(clusterStart(offset), clusterEnd(offset + length));
    try {
      zeroRange(offset, length, flags);
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public final void discard(long offset, long length) throws BlockException {
    RequestRanges.Hold hold = ranges.own(clusterStart(offset), clusterEnd(offset + length));
    try {
      discardRange(offset, length);
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    Mapping mapping;
    RequestRanges.Hold hold = ranges.share(offset, offset + length);
    try {
      mapping = map(offset, length);
    } finally {
      ranges.leave(hold);
    }
    if (storesEncrypted()) {
      return placeless(offset, mapping);
    }
    if (detail == StatusDetail.ZEROES && mapping instanceof Mapping.Data data && hasHoles()) {
      return dataOrHole(offset, data);
    }
    return extent(offset, mapping);
  }

  private static Extent dataOrHole(long offset, Mapping.Data data) throws BlockException {
    long length = data.length();
    boolean zero = true; // behind the end of the file
    if (data.offset() < data.file().length()) {
      Extent below = data.file().status(data.offset(), length, StatusDetail.ZEROES);
      length = below.length();
      zero = below.zero();
    }
    return new Extent(offset, length, true, zero, true, false, data.file(), data.offset(), false);
  }

  private static Extent placeless(long offset, Mapping mapping) {
    if (mapping instanceof Mapping.Data) {
      return Extent.encoded(offset, mapping.length(), false);
    }
    if (mapping instanceof Mapping.Zero) {
      return Extent.zero(offset, mapping.length());
    }
    return mapping instanceof Mapping.Encoded encoded
        ? Extent.encoded(offset, encoded.length(), encoded.compressed())
        : Extent.unallocated(offset, mapping.length());
  }

  private static Extent extent(long offset, Mapping mapping) {
    if (mapping instanceof Mapping.Data data) {
      return Extent.data(offset, data.length(), data.file(), data.offset());
    }
    if (mapping instanceof Mapping.Zero zero) {
      return new Extent(
          offset, zero.length(), false, true, true, false, zero.file(), zero.offset(), false);
    }
    if (mapping instanceof Mapping.Backing backing) {
      return new Extent(
          offset,
          backing.length(),
          false,
          false,
          false,
          false,
          backing.file(),
          backing.offset(),
          false);
    }
    return mapping instanceof Mapping.Encoded encoded
        ? Extent.encoded(offset, encoded.length(), encoded.compressed())
        : Extent.unallocated(offset, mapping.length());
  }

  private long clusterStart(long offset) {
    return offset - offset % granularity();
  }

  private long clusterEnd(long offset) {
    return clusterStart(offset + granularity() - 1);
  }
}
