// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import dev.strata.block.posix.ProcessMemory;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.DiskRequests;
import java.lang.foreign.MemorySegment;

/**
 * Does requests, in the guest's pages where these stay. Pages that their owner may take away, by
 * making a file shorter, do not reach the block layer: native code of a decompressor, or the JVM's
 * own, would end the process. The kernel copies them, which can fail, but no worse.
 */
final class Transfers {
  /** The longest request whose data is copied. */
  private static final long MOST_COPIED = 16L << 20;

  private static final IoVector NOTHING = IoVector.empty();

  private final DiskRequests disk;
  private final MemoryTable memory;
  private final BufferPool buffers;

  Transfers(DiskRequests disk, MemoryTable memory, BufferPool buffers) {
    this.disk = disk;
    this.memory = memory;
    this.buffers = buffers;
  }

  /**
   * Does a request.
   *
   * @return how many bytes are to be given back as written
   */
  long run(Chain chain) throws BrokenQueueException {
    return memory.isConstant() ? disk.run(chain) : copied(chain);
  }

  private long copied(Chain chain) throws BrokenQueueException {
    long given = chain.readable().length();
    long room = chain.writable().length();
    if (given + room > MOST_COPIED) {
      throw new BrokenQueueException("a request of " + (given + room) + " bytes to be copied");
    }
    try (BufferPool.Buffer out = buffers.acquire(given);
        BufferPool.Buffer in = buffers.acquire(room)) {
      MemorySegment from = out.segment();
      MemorySegment to = in.segment();
      ProcessMemory.copyFrom(chain.readable(), from);
      // What is not filled stays the guest's own.
      ProcessMemory.copyFrom(chain.writable(), to);
      var copy = new Chain(chain.head(), vector(from), vector(to), chain.places());
      long written = disk.run(copy);
      ProcessMemory.copyTo(chain.writable(), to);
      return written;
    } catch (BlockException e) {
      throw new BrokenQueueException("a request whose memory is gone: " + e.getMessage());
    }
  }

  private static IoVector vector(MemorySegment segment) {
    return segment.byteSize() == 0 ? NOTHING : IoVector.of(segment);
  }
}
