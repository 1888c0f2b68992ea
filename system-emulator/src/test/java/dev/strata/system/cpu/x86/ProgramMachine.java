// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.InterruptPins;
import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.log.EventLog;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A processor with paging on, and handlers: that of page faults gives the pointers other values and
 * goes on, the others halt.
 */
final class ProgramMachine implements AutoCloseable {
  /** Linear addresses: two pages, of which the second is elsewhere in physical memory. */
  static final int CODE = 0x400000;

  /** The same code again. */
  static final int ALIAS = 0x600000;

  /** A page; none; one that cannot be written; a page. */
  static final int DATA = 0x200000;

  static final int COUNTER = 0x210000;
  private static final int STACK = 0x220000;
  private static final int HANDLERS = 0x10000;
  private static final int GDT = 0x11000;
  private static final int IDT = 0x12000;
  private static final long SIZE = 0x40000;
  static final long CODE_AT = 0x20000;
  static final long SECOND_CODE_AT = 0x28000;

  private final Arena arena = Arena.ofConfined();
  final MemoryRegion ram = MemoryRegion.ram("ram", SIZE, arena);
  final AddressSpace memory = new AddressSpace(1L << 32, 0);
  final AddressSpace ports = new AddressSpace(0x10000, -1);
  final X86Cpu cpu;
  private final boolean wide;

  ProgramMachine(boolean wide, @Nullable TranslationMode translation) {
    this(wide, translation, X86Model.MAX);
  }

  ProgramMachine(boolean wide, @Nullable TranslationMode translation, X86Model model) {
    this.wide = wide;
    memory.map(0, ram, 0);
    var pins =
        new InterruptPins() {
          @Override
          public int acknowledge() {
            return -1;
          }
        };
    cpu =
        new X86Cpu(
            new CpuSurroundings(
                memory, ports, pins, () -> 0, () -> 0x123456789abcdefL, EventLog.unread()),
            model,
            true,
            translation);
  }

  private void put(long at, long value) {
    ram.memory().set(ValueLayout.JAVA_LONG, at, value);
  }

  private void entry(long at, long value) {
    if (wide) {
      put(at, value);
    } else {
      ram.memory().set(ValueLayout.JAVA_INT, at, (int) value);
    }
  }

  /** Lets a page be written, and lead there; the TLB is not told. */
  void page(long linear, long physical) {
    page(linear, physical, 3);
  }

  private void page(long linear, long physical, int rights) {
    long index = linear >>> 12 & (wide ? 511 : 1023);
    long table = 0x4000 + (wide ? linear >>> 21 << 12 : linear >>> 22 << 12);
    entry(table + index * (wide ? 8 : 4), physical | rights);
  }

  private void tables() {
    int step = wide ? 8 : 4;
    if (wide) {
      put(0x1000, 0x2003);
      put(0x2000, 0x3003);
    }
    for (int i = 0; i < 4; i++) {
      entry((wide ? 0x3000 : 0x1000) + (long) i * step, 0x4003 + (i << 12));
    }
    for (long at = 0; at < 0x20000; at += 4096) {
      page(at, at, 3);
    }
    page(DATA, 0x30000, 3);
    page(DATA + 0x2000, 0x31000, 1);
    page(DATA + 0x3000, 0x32000, 3);
    page(COUNTER, 0x33000, 3);
    page(STACK - 0x1000, 0x34000, 3);
    page(CODE, CODE_AT, 3);
    page(CODE + 0x1000, SECOND_CODE_AT, 3);
    page(ALIAS, CODE_AT, 3);
    page(ALIAS + 0x1000, SECOND_CODE_AT, 3);
  }

  private void descriptors() {
    put(GDT + 8, wide ? 0x00af9b000000ffffL : 0x00cf9b000000ffffL);
    put(GDT + 16, 0x00cf93000000ffffL);
    for (int vector = 0; vector < 32; vector++) {
      long handler =
          vector == X86.PAGE
              ? HANDLERS + 16
              : vector == X86.UNDEFINED_OPCODE ? HANDLERS + 8 : HANDLERS;
      long gate = (handler & 0xffff) | 8L << 16 | 0x8eL << 40 | handler >>> 16 << 48;
      put(IDT + (long) vector * (wide ? 16 : 8), gate);
      if (wide) {
        put(IDT + vector * 16 + 8, 0);
      }
    }
  }

  private int handler(int at, int... bytes) {
    for (int i = 0; i < bytes.length; i++) {
      ram.memory().set(ValueLayout.JAVA_BYTE, HANDLERS + at + i, (byte) bytes[i]);
    }
    return at + bytes.length;
  }

  private void handlers() {
    handler(0, 0xf4);
    handler(8, 0xf4);
    int at = 16;
    // A look at how often, then the error code off, pointers set.
    at = handler(at, 0xff, 0x0c, 0x25, 0, 0, COUNTER >> 16, 0, 0x79, 1, 0xf4);
    at = wide ? handler(at, 0x48, 0x83, 0xc4, 8) : handler(at, 0x83, 0xc4, 4);
    at = handler(at, 0xbb, 0x40, 1, DATA >> 16, 0);
    at = handler(at, 0xbe, 0x80, 1, DATA >> 16, 0);
    at = handler(at, 0xbf, 0x80, 2, DATA >> 16, 0);
    if (wide) {
      handler(at, 0x48, 0xcf);
    } else {
      handler(at, 0xcf);
    }
  }

  /** Memory and state from the start, with a program. */
  void load(byte[] program) {
    cpu.reset();
    ram.memory().fill((byte) 0);
    tables();
    descriptors();
    handlers();
    int first = Math.min(program.length, 4096);
    MemorySegment.copy(program, 0, ram.memory(), ValueLayout.JAVA_BYTE, CODE_AT, first);
    MemorySegment.copy(
        program,
        first,
        ram.memory(),
        ValueLayout.JAVA_BYTE,
        SECOND_CODE_AT,
        program.length - first);
    memory.wrote(0, SIZE);
    X86 state = cpu.state;
    state.cr0 |= X86.PE | X86.NE | X86.PG | X86.WP;
    state.cr3 = 0x1000;
    state.cr4 |= X86.OSFXSR | X86.OSXSAVE;
    if (wide) {
      state.cr4 |= X86.PAE;
      state.efer = X86.EFER_LMA | X86.EFER_LME;
    }
    for (int i = 0; i < 6; i++) {
      state.selector[i] = i == X86.CS ? 8 : 16;
      state.base[i] = 0;
      state.limit[i] = 0xffffffffL;
      state.access[i] = i == X86.CS ? wide ? 0xa09b : 0xc09b : 0xc093;
    }
    state.gdtBase = GDT;
    state.gdtLimit = 23;
    state.idtBase = IDT;
    state.idtLimit = 0xfff;
    state.core.flushTlb();
    state.modeChanged();
  }

  /** Runs the program until it halts, with registers and data by chance. */
  void run(Random random, boolean alias) {
    long[] r = cpu.state.r;
    cpu.state.halted = false;
    for (int i = 0; i < (wide ? 16 : 8); i++) {
      long value = random.nextInt(3) == 0 ? random.nextInt(5) - 2 : random.nextLong();
      r[i] = wide ? value : value & 0xffffffffL;
    }
    r[4] = STACK - 0x40;
    r[3] = DATA + 0x200;
    r[6] = DATA + 0x400;
    r[7] = DATA + 0x600;
    cpu.state.core.flags(random.nextInt());
    r[Slots.PC] = alias ? ALIAS : CODE;
    for (int i = 0; i < 512; i++) {
      put(0x30000 + i * 8, random.nextLong());
    }
    ram.memory().set(ValueLayout.JAVA_INT, 0x33000, 10 + random.nextInt(60));
    cpu.run(Long.MAX_VALUE / 2);
  }

  /** Whether it has been halted by an undefined opcode. */
  boolean metUndefined() {
    return cpu.state.r[Slots.PC] == HANDLERS + 9;
  }

  /** Whether it has been halted by the program itself. */
  boolean hasEnded() {
    return cpu.state.r[Slots.PC] >= CODE;
  }

  @Override
  public void close() {
    arena.close();
  }
}
