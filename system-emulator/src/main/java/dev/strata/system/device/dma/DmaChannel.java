// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.dma;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;

/**
 * A channel of a DMA controller: where a device's next bytes go to or come from. Guarded by itself.
 *
 * @see "Intel 8237A data sheet, register description"
 */
public final class DmaChannel {
  private static final int TO_MEMORY = 1; // kinds of transfer
  private static final int FROM_MEMORY = 2;
  private static final int AUTOINITIALISE = 0x10; // mode
  private static final int DOWN = 0x20;

  private final DeviceMemory memory;
  private final int shift; // of an address: 1 if it counts words
  private int baseAddress;
  private int baseCount;
  private int address;
  private int count; // of bytes or words after the next one
  private int page;
  private int mode;
  private boolean masked = true;
  private boolean ended; // since the status was read

  DmaChannel(DeviceMemory memory, int shift) {
    this.memory = memory;
    this.shift = shift;
  }

  synchronized void reset() {
    masked = true;
    ended = false;
  }

  synchronized void mask(boolean off) {
    masked = off;
  }

  synchronized boolean isMasked() {
    return masked;
  }

  synchronized void mode(int value) {
    mode = value;
  }

  synchronized void page(int value) {
    page = value & 0xff;
  }

  synchronized int page() {
    return page;
  }

  synchronized void address(int value, boolean upperHalf) {
    baseAddress = upperHalf ? (baseAddress & 0xff) | value << 8 : (baseAddress & 0xff00) | value;
    address = baseAddress;
  }

  synchronized void count(int value, boolean upperHalf) {
    baseCount = upperHalf ? (baseCount & 0xff) | value << 8 : (baseCount & 0xff00) | value;
    count = baseCount;
  }

  synchronized int address() {
    return address;
  }

  synchronized int count() {
    return count;
  }

  /** Whether the count has been exhausted since this was asked last. */
  synchronized boolean takeEnded() {
    boolean was = ended;
    ended = false;
    return was;
  }

  /** How many bytes may be moved until the count is exhausted; 0 while the channel is off. */
  public synchronized int remaining() {
    return masked ? 0 : (count + 1) << shift;
  }

  /**
   * Moves a device's bytes to memory, or memory's to the device, as the channel's mode says.
   *
   * @param bytes no more than {@link #remaining}
   * @param toMemory what the device is about to do; a channel that is set up for something else
   *     counts, but moves nothing
   * @return whether the count is exhausted now
   */
  public synchronized boolean move(MemorySegment bytes, boolean toMemory) {
    int length = (int) bytes.byteSize();
    boolean means = (mode >> 2 & 3) == (toMemory ? TO_MEMORY : FROM_MEMORY);
    int done = 0;
    while (means && done < length) {
      // Addresses stay in a page of 64 KiB bytes or words.
      int here = (address + (done >> shift)) & 0xffff;
      int part =
          (mode & DOWN) != 0 ? 1 << shift : Math.min(length - done, (0x10000 - here) << shift);
      if ((mode & DOWN) != 0) {
        here = (address - (done >> shift)) & 0xffff;
      }
      long at = ((long) (shift == 0 ? page : page & 0xfe) << 16) + ((long) here << shift);
      IoVector pages = memory.at(at, part, toMemory);
      if (pages != null && toMemory) {
        pages.copyFrom(0, bytes.asSlice(done, part));
        memory.written(at, part);
      } else if (pages != null) {
        pages.copyTo(0, bytes.asSlice(done, part));
      }
      done += part;
    }
    int units = length >> shift;
    address = (address + ((mode & DOWN) != 0 ? -units : units)) & 0xffff;
    count = (count - units) & 0xffff;
    boolean over = count == 0xffff && units > 0;
    if (over) {
      ended = true;
      if ((mode & AUTOINITIALISE) != 0) {
        address = baseAddress;
        count = baseCount;
      } else {
        masked = true;
      }
    }
    return over;
  }

  synchronized void state(StateFields state) throws BlockException {
    baseAddress = state.u16("base address", baseAddress);
    baseCount = state.u16("base count", baseCount);
    address = state.u16("address", address);
    count = state.u16("count", count);
    page = state.u8("page", page);
    mode = state.u8("mode", mode);
    masked = state.flag("masked", masked);
    ended = state.flag("ended", ended);
  }
}
