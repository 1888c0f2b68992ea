// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.formats.compression.ClusterCodec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Compressed grains: each a marker with its sector in the disk and its length, and a zlib stream.
 * Thread-safe: grains are packed on their callers' threads.
 *
 * @see "VMware Virtual Disk Format 5.0, Stream-Optimized Compressed, Grain Marker"
 */
final class PackedGrains implements AutoCloseable {
  private static final int MARKER = 12;
  private static final int SIZE_POSITION = 8;

  /** What lies behind most grains' streams is not read. */
  private static final int FIRST_READ = 4096;

  private final BufferPool buffers;
  private final Child file;
  private final int grain;
  private final boolean marked;
  private final ClusterCodec codec;
  private long kept = -1; // the place of the grain in content; guarded by this, as what follows
  private byte[] content = new byte[0];

  /**
   * The grains in {@code file}.
   *
   * @param size of the disk in bytes
   * @param grain the size of one in bytes
   * @param marked whether grains have markers; if not, a stream begins at once
   */
  PackedGrains(BufferPool buffers, Child file, long size, int grain, boolean marked) {
    this.buffers = buffers;
    this.file = file;
    this.codec = ClusterCodec.zlib(size);
    this.grain = grain;
    this.marked = marked;
  }

  /** A grain as it is stored. */
  final class Packed implements AutoCloseable {
    private final BufferPool.Buffer buffer;
    private final int length;

    private Packed(BufferPool.Buffer buffer, int length) {
      this.buffer = buffer;
      this.length = length;
    }

    int length() {
      return length;
    }

    IoVector vector() {
      return buffer.vector(length);
    }

    @Override
    public void close() {
      buffer.close();
    }
  }

  /**
   * Packs a grain, but for the disk's end a whole one.
   *
   * @param sector of the grain in the disk
   */
  Packed pack(long sector, IoVector from) throws BlockException {
    BufferPool.Buffer out = buffers.acquire(2L * grain + VmdkExtent.SECTOR);
    boolean done = false;
    try (BufferPool.Buffer whole = buffers.acquire(grain)) {
      from.copyTo(0, whole.segment().asSlice(0, from.length()));
      whole.segment().asSlice(from.length()).fill((byte) 0);
      int stored = pack(codec, marked, sector, whole.segment(), out.segment());
      done = true;
      return new Packed(out, stored);
    } finally {
      if (!done) {
        out.close();
      }
    }
  }

  /**
   * Packs a whole grain.
   *
   * @param marked whether a marker comes first
   * @param sector of the grain in the disk
   * @param out room for twice a grain and a sector
   * @return how many bytes that took: whole sectors, as nothing else can begin in the last one
   */
  static int pack(
      ClusterCodec codec, boolean marked, long sector, MemorySegment grain, MemorySegment out)
      throws BlockException {
    int head = marked ? MARKER : 0;
    int length = codec.compress(grain, out.asSlice(head));
    if (length < 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    if (marked) {
      marker(out).putLong(0, sector).putInt(SIZE_POSITION, length);
    }
    int stored = (head + length + VmdkExtent.SECTOR - 1) & -VmdkExtent.SECTOR;
    out.asSlice(head + length, stored - head - length).fill((byte) 0);
    return stored;
  }

  private static ByteBuffer marker(MemorySegment of) {
    return of.asSlice(0, MARKER).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads bytes of the grain that lies at {@code place}; the one that small reads were about last
   * is kept.
   *
   * @param size of the grain, less than others at the disk's end
   */
  void read(long place, int size, int from, IoVector into) throws BlockException {
    if (into.length() > size / 2) {
      try (BufferPool.Buffer whole = buffers.acquire(size)) {
        unpack(place, whole.segment());
        into.copyFrom(0, whole.segment().asSlice(from, into.length()));
      }
      return;
    }
    synchronized (this) {
      if (kept != place) {
        kept = -1;
        if (content.length < size) {
          content = new byte[size];
        }
        unpack(place, MemorySegment.ofArray(content).asSlice(0, size));
        kept = place;
      }
      into.copyFrom(0, MemorySegment.ofArray(content).asSlice(from, into.length()));
    }
  }

  private void unpack(long place, MemorySegment into) throws BlockException {
    int most = 2 * grain;
    try (BufferPool.Buffer stored = buffers.acquire(most)) {
      int first = Math.min(most, grain + FIRST_READ);
      file.read(place, stored.vector(first), 0);
      long head = marked ? MARKER : 0;
      long length = most;
      if (marked) {
        length = marker(stored.segment()).getInt(SIZE_POSITION) & 0xffff_ffffL;
        if (length == 0 || length > most) {
          throw BlockException.of(Errno.EINVAL);
        }
      }
      length = Math.min(length, most - head);
      if (head + length > first) {
        long rest = head + length - first;
        file.read(place + first, IoVector.of(stored.segment().asSlice(first, rest)), 0);
      }
      codec.decompress(stored.segment().asSlice(head, length), into);
    }
  }

  @Override
  public void close() {
    codec.close();
  }
}
