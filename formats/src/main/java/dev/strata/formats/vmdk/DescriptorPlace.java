// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import java.util.Arrays;

/**
 * A descriptor where it lies: alone in a file, or in a sparse extent. Thread-safe.
 *
 * @param room in bytes; that of a file is its own
 */
record DescriptorPlace(Child file, long offset, int room) {
  /** The place inside a sparse extent, whatever its header says. */
  static DescriptorPlace inside(Child file) {
    return new DescriptorPlace(file, SparseHeader.BYTES, VmdkDescriptor.BYTES);
  }

  VmdkDescriptor read() throws BlockException {
    byte[] bytes = new byte[Math.clamp(file.length() - offset, 0, room)];
    if (bytes.length > 0) {
      file.read(offset, bytes, 0);
    }
    return VmdkDescriptor.of(bytes);
  }

  /** Writes the descriptor over one that differs in its content's identifier. */
  void write(VmdkDescriptor descriptor, int oldLength) throws BlockException {
    byte[] bytes = descriptor.bytes();
    if (bytes.length > room) {
      throw BlockException.of(Errno.ENOSPC);
    }
    // One that has become shorter leaves nothing behind its end.
    file.write(offset, Arrays.copyOf(bytes, Math.max(bytes.length, oldLength)), 0);
  }
}
