// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.dma;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * The board's two 8237s, of which the second moves words and carries the first on its channel 4,
 * and the registers for the part of an address that the chips have no pins for. Thread-safe.
 *
 * @see "Intel 8237A data sheet; 82371SB (PIIX3) data sheet, 290550, 2.5.1"
 */
public final class DmaController implements Device {
  private static final int[] PAGE_REGISTERS = {7, 3, 1, 2, 15, 11, 9, 10}; // of channels 0 to 7

  private final DmaChannel[] channels = new DmaChannel[8];
  private final Chip[] chips = {new Chip(0), new Chip(4)};
  private final int[] pages = new int[16]; // those that no channel has, too

  /** Controllers that move bytes in that memory. */
  public DmaController(DeviceMemory memory) {
    for (int number = 0; number < 8; number++) {
      channels[number] = new DmaChannel(memory, number >> 2);
    }
  }

  /** A channel, 0 to 7. */
  public DmaChannel channel(int number) {
    return channels[number];
  }

  @Override
  public void reset() {
    chips[0].reset();
    chips[1].reset();
  }

  /** Ports 00h to 0Fh. */
  public MmioHandler lower() {
    return chips[0];
  }

  /** Ports C0h to DFh, every other one. */
  public MmioHandler upper() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        return chips[1].read(offset >> 1, bytes);
      }

      @Override
      public void write(long offset, int bytes, long value) {
        chips[1].write(offset >> 1, bytes, value);
      }
    };
  }

  /** Ports 80h to 8Fh. */
  public MmioHandler pages() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (pages) {
          return pages[(int) offset];
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (pages) {
          pages[(int) offset] = (int) value & 0xff;
        }
        for (int number = 0; number < 8; number++) {
          if (PAGE_REGISTERS[number] == offset) {
            channels[number].page((int) value);
          }
        }
      }
    };
  }

  private final class Chip implements MmioHandler {
    private final int first;
    private boolean upperHalf; // of the next access to an address or a count

    Chip(int first) {
      this.first = first;
    }

    synchronized void state(StateFields state) throws BlockException {
      upperHalf = state.flag("upper half", upperHalf);
    }

    synchronized void reset() {
      upperHalf = false;
      for (int number = first; number < first + 4; number++) {
        channels[number].reset();
      }
    }

    @Override
    public synchronized long read(long offset, int bytes) {
      int register = (int) offset;
      if (register < 8) {
        DmaChannel channel = channels[first + (register >> 1)];
        int value = (register & 1) == 0 ? channel.address() : channel.count();
        boolean upper = upperHalf;
        upperHalf = !upper;
        return (upper ? value >> 8 : value) & 0xff;
      }
      int value = 0;
      for (int number = 0; number < 4; number++) {
        DmaChannel channel = channels[first + number];
        if (register == 8) { // status
          value |= channel.takeEnded() ? 1 << number : 0;
        } else if (register == 15) {
          value |= channel.isMasked() ? 1 << number : 0;
        }
      }
      return register == 15 ? value | 0xf0 : value;
    }

    @Override
    public synchronized void write(long offset, int bytes, long value) {
      int register = (int) offset;
      int byteValue = (int) value & 0xff;
      DmaChannel named = channels[first + (byteValue & 3)];
      switch (register) {
        case 10 -> named.mask((byteValue & 4) != 0);
        case 11 -> named.mode(byteValue);
        case 12 -> upperHalf = false;
        case 13 -> reset();
        case 14, 15 -> {
          for (int number = 0; number < 4; number++) {
            channels[first + number].mask(register == 15 && (byteValue >> number & 1) != 0);
          }
        }
        case 8, 9 -> {} // command and requests by software: nothing here asks for those
        default -> {
          DmaChannel channel = channels[first + (register >> 1)];
          if ((register & 1) == 0) {
            channel.address(byteValue, upperHalf);
          } else {
            channel.count(byteValue, upperHalf);
          }
          upperHalf = !upperHalf;
        }
      }
    }
  }

  @Override
  public void state(StateFields state) throws BlockException {
    for (DmaChannel channel : channels) {
      channel.state(state);
    }
    for (Chip chip : chips) {
      chip.state(state);
    }
    state.within("pages", pages, 0, 0xff);
  }
}
