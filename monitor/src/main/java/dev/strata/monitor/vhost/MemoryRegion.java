// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.SharedMemory;

/**
 * A part of the guest's memory.
 *
 * @param guestAddress where the guest has it
 * @param userAddress where the front-end has it, by whose addresses rings are placed
 * @param length in bytes
 * @param memory what is there
 * @see "QEMU docs/interop/vhost-user, Memory regions description"
 */
record MemoryRegion(long guestAddress, long userAddress, long length, SharedMemory memory)
    implements AutoCloseable {
  /** The bytes of a description. */
  static final int SIZE = 32;

  /** Maps the region that a message describes at {@code offset}. */
  static MemoryRegion map(Message message, int offset, FileDescriptor file) throws BlockException {
    long guestAddress = message.u64(offset);
    long length = message.u64(offset + 8);
    long userAddress = message.u64(offset + 16);
    long start = message.u64(offset + 24);
    if (length <= 0
        || guestAddress < 0
        || guestAddress > Long.MAX_VALUE - length
        || userAddress < 0
        || userAddress > Long.MAX_VALUE - length) {
      throw Message.wrong("a memory region of " + Long.toUnsignedString(length) + " bytes");
    }
    try {
      return new MemoryRegion(
          guestAddress, userAddress, length, SharedMemory.map(file, start, length));
    } catch (BlockException e) {
      throw e.during("Could not map a memory region");
    }
  }

  boolean overlaps(MemoryRegion other) {
    return overlaps(guestAddress, other.guestAddress, other.length)
        || overlaps(userAddress, other.userAddress, other.length);
  }

  private boolean overlaps(long start, long otherStart, long otherLength) {
    return start < otherStart + otherLength && otherStart < start + length;
  }

  @Override
  public void close() {
    memory.close();
  }
}
