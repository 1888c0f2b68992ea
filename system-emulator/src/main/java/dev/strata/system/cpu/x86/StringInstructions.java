// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;
import dev.strata.system.memory.AddressSpace;

/** MOVS, CMPS, STOS, LODS, SCAS, INS and OUTS, repeated or not (SDM, REP). */
final class StringInstructions {
  /** Repeats; for CMPS and SCAS while equal. 2 repeats them while they differ. */
  static final int REPEAT = 1;

  private static final int BATCH = 4096;

  private final X86 cpu;
  private final AddressSpace ports;
  private final StringPages pages;

  StringInstructions(X86 cpu) {
    this.cpu = cpu;
    this.ports = cpu.surroundings.ports();
    this.pages = new StringPages(cpu);
  }

  /** Runs as many elements as are due before interrupts are looked at; sets the pc. */
  void run(int repeat, int extra) {
    int opcode = extra & 0xfe;
    int size = (extra & 1) == 0 ? 0 : extra >> 8 & 3;
    int addressSize = extra >> 10 & 3;
    int segment = extra >> 12 & 7;
    long[] r = cpu.r;
    long mask = -1L >>> (64 - (8 << addressSize));
    long step = (cpu.system & X86.DIRECTION) != 0 ? -(1L << size) : 1L << size;
    if (opcode == 0x6c || opcode == 0x6e) {
      PortAccess.check(cpu, (int) r[Slots.RDX] & 0xffff, 1 << size);
    }
    boolean quick = repeat != 0 && step > 0 && (opcode == 0xa4 || opcode == 0xaa);
    for (int i = 0; i < BATCH; i++) {
      if (repeat != 0 && (r[Slots.RCX] & mask) == 0) {
        r[Slots.PC] = r[Slots.NEXT];
        return;
      }
      if (quick) {
        long done = pages.run(opcode == 0xa4, size, segment, mask);
        if (done != 0) {
          if (opcode == 0xa4) {
            advance(Slots.RSI, addressSize, done << size);
          }
          advance(Slots.RDI, addressSize, done << size);
          advance(Slots.RCX, addressSize, -done);
          if (cpu.core.wanted()) {
            break;
          }
          continue;
        }
      }
      one(opcode, size, segment, r[Slots.RSI] & mask, r[Slots.RDI] & mask);
      if (opcode != 0xaa && opcode != 0xae && opcode != 0x6c) {
        advance(Slots.RSI, addressSize, step);
      }
      if (opcode != 0xac && opcode != 0x6e) {
        advance(Slots.RDI, addressSize, step);
      }
      if (repeat == 0) {
        r[Slots.PC] = r[Slots.NEXT];
        return;
      }
      advance(Slots.RCX, addressSize, -1);
      boolean compares = opcode == 0xa6 || opcode == 0xae;
      if (compares && (cpu.core.flags() & Flags.ZERO) != 0 != (repeat == REPEAT)) {
        r[Slots.PC] = r[Slots.NEXT];
        return;
      }
      if (cpu.core.wanted()) {
        break;
      }
    }
    // The pc stays: the instruction goes on after a look at interrupts, and is counted then.
    cpu.core.instructions--;
    cpu.r[Slots.PC] = cpu.core.pc();
  }

  private void advance(int register, int addressSize, long by) {
    long[] r = cpu.r;
    long moved = r[register] + by;
    r[register] =
        switch (addressSize) {
          case 1 -> (r[register] & ~0xffffL) | (moved & 0xffff);
          case 2 -> moved & 0xffffffffL;
          default -> moved;
        };
  }

  private void one(int opcode, int size, int segment, long source, long destination) {
    int bytes = 1 << size;
    long[] r = cpu.r;
    switch (opcode) {
      case 0xa4 -> {
        long value = cpu.core.load(cpu.linear(segment, source, bytes, false), size);
        cpu.core.store(cpu.linear(X86.ES, destination, bytes, true), size, value);
      }
      case 0xa6 -> {
        long a = cpu.core.load(cpu.linear(segment, source, bytes, false), size);
        long b = cpu.core.load(cpu.linear(X86.ES, destination, bytes, false), size);
        cpu.core.compared(size, a, b);
      }
      case 0xaa -> cpu.core.store(cpu.linear(X86.ES, destination, bytes, true), size, r[Slots.RAX]);
      case 0xac -> {
        long value = cpu.core.load(cpu.linear(segment, source, bytes, false), size);
        r[Slots.RAX] =
            size == 0
                ? (r[Slots.RAX] & ~0xffL) | value
                : size == 1 ? (r[Slots.RAX] & ~0xffffL) | value : value;
      }
      case 0xae -> {
        long b = cpu.core.load(cpu.linear(X86.ES, destination, bytes, false), size);
        cpu.core.compared(size, r[Slots.RAX], b);
      }
      case 0x6c -> {
        long address = cpu.linear(X86.ES, destination, bytes, true);
        cpu.core.probe(address, size); // Faults before the port is read.
        cpu.core.store(address, size, ports.read(r[Slots.RDX] & 0xffff, bytes));
      }
      default -> {
        long value = cpu.core.load(cpu.linear(segment, source, bytes, false), size);
        ports.write(r[Slots.RDX] & 0xffff, bytes, value);
      }
    }
  }
}
