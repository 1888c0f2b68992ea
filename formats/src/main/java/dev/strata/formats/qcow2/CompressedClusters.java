// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads and writes compressed clusters. Thread-safe: clusters are packed on their callers' threads.
 */
final class CompressedClusters {
  private final Geometry geometry;
  private final Child file;
  private final GuestMap map;
  private final GuestWrites writes;
  private final int type;
  private final BufferPool buffers;
  private final ReentrantLock lock;

  CompressedClusters(
      Geometry geometry,
      Child file,
      GuestMap map,
      GuestWrites writes,
      int type,
      BufferPool buffers,
      ReentrantLock lock) {
    this.geometry = geometry;
    this.file = file;
    this.map = map;
    this.writes = writes;
    this.type = type;
    this.buffers = buffers;
    this.lock = lock;
  }

  /** Reads part of one compressed cluster. */
  void read(long guestOffset, IoVector into) throws BlockException {
    long entry;
    lock.lock();
    try {
      long table = map.l2Offset(guestOffset);
      entry = map.entry(map.slice(table, guestOffset), map.sliceIndex(guestOffset));
    } finally {
      lock.unlock();
    }
    long host = L2Entry.compressedOffset(entry, geometry.clusterBits());
    long length = L2Entry.compressedLength(entry, geometry.clusterBits());
    try (BufferPool.Buffer packed = buffers.acquire(length);
        BufferPool.Buffer cluster = buffers.acquire(geometry.clusterSize())) {
      file.event(DebugEvent.READ_COMPRESSED);
      file.read(host, packed.vector(), 0);
      unpack(packed, cluster);
      long from = geometry.offsetInCluster(guestOffset);
      into.copyFrom(0, cluster.segment().asSlice(from, into.length()));
    }
  }

  private void unpack(BufferPool.Buffer packed, BufferPool.Buffer cluster) throws BlockException {
    if (type != 0) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    var inflater = new Inflater(true);
    try {
      ByteBuffer out = cluster.segment().asByteBuffer();
      inflater.setInput(packed.segment().asByteBuffer());
      while (out.hasRemaining() && inflater.inflate(out) > 0) {
        // until the cluster is full or the input ends
      }
      if (out.hasRemaining()) {
        throw BlockException.of(Errno.EIO);
      }
    } catch (DataFormatException e) {
      throw BlockException.of(Errno.EIO).causedBy(e);
    } finally {
      inflater.end();
    }
  }

  /** Writes a cluster packed; false if that takes no less room than unpacked. */
  boolean write(long guestOffset, IoVector from) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }
}
