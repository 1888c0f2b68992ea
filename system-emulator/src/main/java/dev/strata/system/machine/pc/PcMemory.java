// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.timer.RealTimeClock;
import dev.strata.system.firmware.MemoryMap;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A PC's RAM and the firmware's ROM: where they are, and what firmware is told of them. */
final class PcMemory implements AutoCloseable {
  private static final int BOARD_PRIORITY = 10;
  private static final long FOUR_GIB = 1L << 32;
  private static final long MOST_BELOW = 0xe0000000L;
  private static final long BELOW_WHEN_SPLIT = 0xc0000000L;
  private static final long MIB = 1 << 20;
  private static final int SHADOWED = 0x40000; // from C0000h to FFFFFh
  private static final int SHADOWED_ROM = 0x20000; // as much of the firmware is seen there

  private final Arena arena = Arena.ofShared();
  private final long size;
  private final long below;
  private final MemoryRegion ram;
  private final MemoryRegion shadowedRom;

  /**
   * Memory of that size.
   *
   * @param bios what is seen below 1 MiB, and below 4 GiB as well if {@code rom}
   */
  PcMemory(AddressSpace memory, long size, byte[] bios, boolean rom) {
    this.size = size;
    this.below = size >= MOST_BELOW ? BELOW_WHEN_SPLIT : size;
    ram = MemoryRegion.ram("pc.ram", size, arena);
    memory.map(0, ram, 0, 0xa0000, BOARD_PRIORITY);
    if (below > MIB) {
      memory.map(MIB, ram, MIB, below - MIB, BOARD_PRIORITY);
    }
    if (size > below) {
      memory.map(FOUR_GIB, ram, below, size - below, BOARD_PRIORITY);
    }
    MemorySegment bytes = MemorySegment.ofArray(bios);
    if (rom) {
      MemoryRegion firmware = MemoryRegion.rom("firmware", bios.length, arena);
      firmware.memory().copyFrom(bytes);
      memory.map(FOUR_GIB - bios.length, firmware, BOARD_PRIORITY);
    }
    shadowedRom = MemoryRegion.rom("firmware below 1 MiB", SHADOWED, arena);
    shadowedRom.memory().fill((byte) 0xff);
    int seen = Math.min(bios.length, SHADOWED_ROM);
    MemorySegment.copy(bytes, bios.length - seen, shadowedRom.memory(), SHADOWED - seen, seen);
  }

  /** What the memory of all the machine lives as long as. */
  Arena arena() {
    return arena;
  }

  MemoryRegion ram() {
    return ram;
  }

  MemoryRegion shadowedRom() {
    return shadowedRom;
  }

  /** In bytes. */
  long size() {
    return size;
  }

  /** Bytes of RAM below 4 GiB. */
  long below() {
    return below;
  }

  /** Where RAM is, the hole below 1 MiB left to firmware. */
  MemoryMap map() {
    var map = new MemoryMap();
    map.ram(0, below);
    map.ram(FOUR_GIB, size - below);
    return map;
  }

  /** Sizes where PCs have kept them, for software that does not ask otherwise. */
  void describe(RealTimeClock time) {
    long extended = Math.min((below - MIB) >> 10, 0xffff); // KiB from 1 MiB on
    long beyond = Math.clamp((below - 16 * MIB) >> 16, 0, 0xffff); // 64 KiB from 16 MiB on
    long above = (size - below) >> 16; // 64 KiB from 4 GiB on
    time.set(0x15, 640 & 0xff);
    time.set(0x16, 640 >> 8);
    time.set(0x17, (int) extended & 0xff);
    time.set(0x18, (int) extended >> 8);
    time.set(0x30, (int) extended & 0xff);
    time.set(0x31, (int) extended >> 8);
    time.set(0x34, (int) beyond & 0xff);
    time.set(0x35, (int) beyond >> 8);
    time.set(0x5b, (int) above & 0xff);
    time.set(0x5c, (int) (above >> 8) & 0xff);
    time.set(0x5d, (int) (above >> 16) & 0xff);
  }

  @Override
  public void close() {
    arena.close();
  }
}
