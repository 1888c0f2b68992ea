// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.snapshot;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.driver.VmStateStore;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes a machine's state into an image; what is left is written when it is flushed. One thread.
 */
final class VmStateOutput extends OutputStream {
  private static final int BUFFER = 1 << 20;
  private static final int SECTOR = 512; // encrypted images want no less at a time

  private final VmStateStore store;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER, SECTOR);
  private long written; // in the image
  private int filled; // bytes of the buffer

  VmStateOutput(VmStateStore store) {
    this.store = store;
  }

  /** How many bytes there are. */
  long length() {
    return written + filled;
  }

  @Override
  public void write(int value) throws BlockException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws BlockException {
    int at = from;
    while (at < from + length) {
      int part = Math.min(from + length - at, BUFFER - filled);
      MemorySegment.copy(bytes, at, buffer, ValueLayout.JAVA_BYTE, filled, part);
      at += part;
      filled += part;
      if (filled == BUFFER) {
        store.writeVmState(written, IoVector.of(buffer));
        written += BUFFER;
        filled = 0;
      }
    }
  }

  /** Writes the last, perhaps not full, part: nothing may come behind it. */
  void end() throws BlockException {
    int padded = (filled + SECTOR - 1) / SECTOR * SECTOR;
    if (padded > 0) {
      buffer.asSlice(filled, padded - filled).fill((byte) 0);
      store.writeVmState(written, IoVector.of(buffer.asSlice(0, padded)));
    }
  }
}
