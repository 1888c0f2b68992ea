// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.IoVector;
import dev.strata.formats.compression.ClusterCodec;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads and writes compressed clusters. Thread-safe: clusters are packed on their callers' threads.
 */
final class CompressedClusters implements AutoCloseable {
  private final Geometry geometry;
  private final Child file;
  private final GuestMap map;
  private final GuestWrites writes;
  private final ClusterCodec codec;
  private final BufferPool buffers;
  private final ReentrantLock lock;

  CompressedClusters(Qcow2Metadata metadata, GuestWrites writes) {
    this.geometry = metadata.geometry();
    this.file = metadata.file();
    this.map = metadata.guestMap();
    this.writes = writes;
    this.codec =
        metadata.header().header().compressionType() == 0
            ? ClusterCodec.deflate(metadata.header().header().size())
            : ClusterCodec.zstd();
    this.buffers = metadata.context().buffers();
    this.lock = metadata.lock();
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
      codec.decompress(packed.segment(), cluster.segment());
      long from = geometry.offsetInCluster(guestOffset);
      into.copyFrom(0, cluster.segment().asSlice(from, into.length()));
    }
  }

  /** Writes a cluster packed; false if that takes no less room than unpacked. */
  boolean write(long guestOffset, IoVector from) throws BlockException {
    long clusterSize = geometry.clusterSize();
    try (BufferPool.Buffer cluster = buffers.acquire(clusterSize);
        BufferPool.Buffer packed = buffers.acquire(clusterSize)) {
      from.copyTo(0, cluster.segment().asSlice(0, from.length()));
      cluster.segment().asSlice(from.length()).fill((byte) 0);
      int length = codec.compress(cluster.segment(), packed.segment());
      if (length < 0) {
        return false;
      }
      long host = writes.allocateCompressed(guestOffset, length);
      boolean linked = false;
      try {
        file.event(DebugEvent.WRITE_COMPRESSED);
        file.write(host, packed.vector(length), 0);
        writes.linkCompressed(guestOffset, host, length);
        linked = true;
      } finally {
        if (!linked) {
          writes.releaseCompressed(host, length);
        }
      }
      return true;
    }
  }

  /** Gives the codec's memory up. */
  @Override
  public void close() {
    codec.close();
  }
}
