// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.memory.AddressSpace;

/** Physical memory that a processor saves to, by offsets from 8000h after the base. */
record SaveArea(AddressSpace memory, long base) {
  private long at(int offset) {
    return base + 0x8000 + offset;
  }

  int u16(int offset) {
    return (int) memory.read(at(offset), 2);
  }

  long u32(int offset) {
    return memory.read(at(offset), 4);
  }

  long u64(int offset) {
    return memory.read(at(offset), 8);
  }

  void put16(int offset, int value) {
    memory.write(at(offset), 2, value & 0xffffL);
  }

  void put32(int offset, long value) {
    memory.write(at(offset), 4, value & 0xffffffffL);
  }

  void put64(int offset, long value) {
    memory.write(at(offset), 8, value);
  }
}
