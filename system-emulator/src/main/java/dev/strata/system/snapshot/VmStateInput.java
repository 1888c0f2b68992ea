// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.snapshot;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.driver.VmStateStore;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads a machine's state out of an image. One thread. */
final class VmStateInput extends InputStream {
  private static final int BUFFER = 1 << 20;
  private static final int SECTOR = 512; // encrypted images want no less at a time

  private final VmStateStore store;
  private final long length;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER, SECTOR);
  private long next; // of the image
  private int at; // in the buffer
  private int end;

  /**
   * Reads what is there.
   *
   * @param length of the state, in bytes
   */
  VmStateInput(VmStateStore store, long length) {
    this.store = store;
    this.length = length;
  }

  @Override
  public int read() throws BlockException {
    return fill() ? buffer.get(ValueLayout.JAVA_BYTE, at++) & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int from, int most) throws BlockException {
    if (most == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int part = Math.min(most, end - at);
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, at, into, from, part);
    at += part;
    return part;
  }

  /** Whether there is a byte. */
  private boolean fill() throws BlockException {
    if (at == end) {
      int part = (int) Math.min(BUFFER, length - next);
      if (part <= 0) {
        return false;
      }
      int padded = (part + SECTOR - 1) / SECTOR * SECTOR;
      store.readVmState(next, IoVector.of(buffer.asSlice(0, padded)));
      next += part;
      at = 0;
      end = part;
    }
    return true;
  }
}
