// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.flash;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;
import dev.strata.system.state.StateFields;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A parallel flash chip of eight bits with Intel's command set: memory, as long as it is read;
 * writes are commands, after which it shows its status instead. What is programmed is in the image
 * before the chip says so. Programming sets bits, too, as with the reference, which a real chip can
 * only clear.
 *
 * <p>Thread-safe.
 *
 * @see "JEDEC JESD68.01, Common Flash Interface; JEP137, command set 0001h"
 */
public final class FlashChip implements Device {
  /** What is erased at once, in bytes; a chip is made of these. */
  public static final int SECTOR = 4096;

  private static final int BUFFER = CommonFlashInterface.BUFFER;
  private static final int PRIORITY = 10;

  private static final int READY = 0x80;
  private static final int ERASE_FAILED = 0x20;
  private static final int PROGRAM_FAILED = 0x10;

  private static final int CONFIRM = 0xd0;
  private static final int READ_ARRAY = 0xff;

  /** What the next write is, and what reads show. */
  private enum Mode {
    ARRAY,
    STATUS,
    IDENTIFIERS,
    QUERY,
    PROGRAM,
    ERASE,
    LOCK,
    BUFFER_COUNT,
    BUFFER_DATA,
    BUFFER_CONFIRM;

    private static final Mode[] ALL = values();

    /** Whether a write is a command, be it the second half of one that has not come. */
    boolean takesCommands() {
      return this == ARRAY || this == STATUS || this == IDENTIFIERS;
    }
  }

  private final FlashImage image;
  private final MemoryRegion array;
  private final MemoryRegion registers;
  private final byte[] query;
  private final byte[] buffer = new byte[BUFFER];
  private final AddressSpace space;
  private final long base;

  // Guarded by this.
  private Mode mode = Mode.ARRAY;
  private int status = READY;
  private int left; // writes into the buffer that are to come
  private long block; // where the buffer goes
  private int first; // what of it was written
  private int end;

  /**
   * A chip at its place in memory.
   *
   * @param name in listings
   * @param image a multiple of {@value #SECTOR} bytes; if it cannot be written, nothing is
   *     programmed
   * @param arena what the chip's memory lives as long as
   * @param base the address of its first byte
   */
  public FlashChip(String name, FlashImage image, Arena arena, AddressSpace space, long base) {
    byte[] content = image.content();
    this.image = image;
    this.space = space;
    this.base = base;
    this.query = CommonFlashInterface.table(content.length, SECTOR);
    MmioHandler bytes = new RegisterWidth(new Registers(), 1, 4);
    this.array = MemoryRegion.rom(name, content.length, arena, bytes);
    array.memory().copyFrom(MemorySegment.ofArray(content));
    this.registers = MemoryRegion.mmio(name, content.length, bytes);
    space.map(base, array, PRIORITY);
  }

  /** What it holds. */
  public MemorySegment memory() {
    return array.memory();
  }

  @Override
  public synchronized void reset() {
    enter(Mode.ARRAY);
    status = READY;
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    Mode now = Mode.ALL[state.within("mode", mode.ordinal(), 0, Mode.ALL.length - 1)];
    status = state.u8("status", status);
    left = state.within("writes to the buffer", left, 0, BUFFER);
    block = state.within("buffer's block", block, 0, array.size() - BUFFER) & -BUFFER;
    first = state.within("buffer's first byte", first, 0, BUFFER);
    end = state.within("buffer's end", end, 0, BUFFER);
    state.bytes("buffer", buffer);
    enter(now);
  }

  /** Shows the array or the registers, if it has shown the other. */
  private void enter(Mode next) {
    boolean shown = mode == Mode.ARRAY;
    mode = next;
    if (shown && next != Mode.ARRAY) {
      space.map(base, registers, PRIORITY + 1);
      space.unmap(array);
    } else if (!shown && next == Mode.ARRAY) {
      space.map(base, array, PRIORITY);
      space.unmap(registers);
    }
  }

  /** What the chip's pins see: 1, 2 or 4 bytes, aligned. */
  private final class Registers implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      return readRegister(offset, bytes);
    }

    @Override
    public void write(long offset, int bytes, long value) {
      writeRegister(offset, bytes, value);
    }
  }

  private synchronized long readRegister(long offset, int bytes) {
    return switch (mode) {
      // Somebody who found the registers a moment ago.
      case ARRAY -> number(offset, bytes);
      case IDENTIFIERS -> 0;
      case QUERY -> {
        int at = (int) (offset & 0xff);
        yield at < query.length ? query[at] & 0xff : 0;
      }
      case STATUS, PROGRAM, ERASE, LOCK, BUFFER_COUNT, BUFFER_DATA, BUFFER_CONFIRM ->
          bytes > 2 ? status | (long) status << 16 : status;
    };
  }

  private long number(long offset, int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (array.memory().get(ValueLayout.JAVA_BYTE, offset + i) & 0xffL) << (8 * i);
    }
    return value;
  }

  private synchronized void writeRegister(long offset, int bytes, long value) {
    int command = (int) value & 0xff;
    if (mode.takesCommands()) {
      command(command);
      return;
    }
    switch (mode) {
      case PROGRAM -> {
        byte[] data = bytes(bytes, value);
        status |= store(offset, data) ? READY : READY | PROGRAM_FAILED;
        enter(Mode.STATUS);
      }
      case ERASE -> eraseOrNot(offset, command);
      case LOCK -> {
        boolean known = command == CONFIRM || command == 1;
        status |= known ? READY : 0;
        enter(known ? Mode.STATUS : Mode.ARRAY);
      }
      case QUERY -> enter(command == READ_ARRAY ? Mode.ARRAY : Mode.QUERY);
      case BUFFER_COUNT -> {
        left = command + 1;
        block = offset & -BUFFER;
        first = BUFFER;
        end = 0;
        enter(Mode.BUFFER_DATA);
      }
      case BUFFER_DATA -> {
        fill(offset, bytes(bytes, value));
        left--;
        enter(left > 0 ? Mode.BUFFER_DATA : Mode.BUFFER_CONFIRM);
      }
      case BUFFER_CONFIRM -> programBufferOrNot(command);
      case ARRAY, STATUS, IDENTIFIERS -> throw new IllegalStateException(mode.toString());
    }
  }

  private void command(int command) {
    Mode next =
        switch (command) {
          case 0x10, 0x40 -> Mode.PROGRAM;
          case 0x20 -> Mode.ERASE;
          case 0x60 -> Mode.LOCK;
          case 0x70 -> Mode.STATUS;
          case 0x90 -> Mode.IDENTIFIERS;
          case 0x98 -> Mode.QUERY;
          case 0xe8 -> Mode.BUFFER_COUNT;
          default -> Mode.ARRAY;
        };
    switch (command) {
      case 0x20 -> status |= image.writable() ? READY : READY | ERASE_FAILED;
      case 0x50 -> status = 0;
      case 0xe8 -> status |= READY;
      default -> {}
    }
    enter(next);
  }

  /** The second half of erasing; the reference has erased at the first, which this does not. */
  private void eraseOrNot(long offset, int command) {
    if (command != CONFIRM) {
      enter(Mode.ARRAY);
      return;
    }
    byte[] erased = new byte[SECTOR];
    Arrays.fill(erased, (byte) 0xff);
    status |= store(offset & -SECTOR, erased) ? READY : READY | ERASE_FAILED;
    enter(Mode.STATUS);
  }

  /** Data outside of the buffer's block is none. */
  private void fill(long offset, byte[] data) {
    if (offset < block || offset + data.length > block + BUFFER) {
      status |= PROGRAM_FAILED;
      return;
    }
    int at = (int) (offset - block);
    if (first >= end) {
      MemorySegment.ofArray(buffer).copyFrom(array.memory().asSlice(block, BUFFER));
    }
    System.arraycopy(data, 0, buffer, at, data.length);
    first = Math.min(first, at);
    end = Math.max(end, at + data.length);
  }

  private void programBufferOrNot(int command) {
    boolean wanted = command == CONFIRM && (status & PROGRAM_FAILED) == 0 && first < end;
    if (wanted && store(block + first, Arrays.copyOfRange(buffer, first, end))) {
      status |= READY;
      enter(Mode.STATUS);
    } else {
      status |= wanted ? PROGRAM_FAILED : 0;
      enter(Mode.ARRAY);
    }
  }

  private static byte[] bytes(int count, long value) {
    var data = new byte[count];
    for (int i = 0; i < count; i++) {
      data[i] = (byte) (value >>> (8 * i));
    }
    return data;
  }

  /** Changes the image, then the chip; whether that went well. */
  private boolean store(long offset, byte[] data) {
    if (!image.writable()) {
      return false;
    }
    try {
      image.write(offset, data);
    } catch (BlockException _) {
      return false; // the guest reads so in the status
    }
    MemorySegment.copy(data, 0, array.memory(), ValueLayout.JAVA_BYTE, offset, data.length);
    return true;
  }
}
