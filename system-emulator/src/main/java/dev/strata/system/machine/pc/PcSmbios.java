// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.firmware.smbios.SmbiosTables;
import dev.strata.system.firmware.smbios.Structure;
import java.util.UUID;

/**
 * What the SMBIOS says of the board. Values that a guest could tell the board by are those of the
 * reference.
 *
 * @see "System Management BIOS Reference Specification 3.0, 7"
 */
final class PcSmbios {
  private static final String MAKER = "QEMU";
  private static final int MEMORY_ARRAY = 0x1000; // handles
  private static final int NO_ERRORS = 0xfffe;
  private static final int NOT_GIVEN = 0xffff;
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final long MODULE = 16 * GIB; // the largest
  private static final long FOUR_GIB = 4 * GIB;
  private static final int MEGAHERTZ = 2000;

  private final PcIdentity identity;
  private final long memory;
  private final long below;
  private final SmbiosTables tables = new SmbiosTables();

  /**
   * Tables of a board.
   *
   * @param memory bytes of RAM
   * @param below those of them below 4 GiB
   */
  PcSmbios(PcIdentity identity, long memory, long below) {
    this.identity = identity;
    this.memory = memory;
    this.below = below;
  }

  void describe(FirmwareConfig firmware) {
    tables.add(system());
    tables.add(chassis());
    tables.add(processor());
    tables.add(memoryArray());
    for (int index = 0; index < modules(); index++) {
      tables.add(module(index, Math.min(MODULE, memory - index * MODULE)));
    }
    tables.add(addresses(0, 0, below));
    if (memory > below) {
      tables.add(addresses(1, FOUR_GIB, memory - below));
    }
    tables.add(new Structure(32, 0x2000).bytes(0, 0, 0, 0, 0, 0, 0)); // booted without errors
    tables.add(new Structure(127, 0x7f00));
    tables.publish(firmware);
  }

  /** Its UUID's first three numbers are little-endian. */
  private Structure system() {
    UUID uuid = identity.uuid();
    long high = uuid.getMostSignificantBits();
    return new Structure(1, 0x100)
        .string(identity.manufacturer())
        .string(identity.product())
        .string(identity.version())
        .string(identity.serial())
        .u32(high >>> 32)
        .u16((int) (high >>> 16))
        .u16((int) high)
        .u64(Long.reverseBytes(uuid.getLeastSignificantBits()))
        .bytes(6) // woken by its power switch
        .string(identity.sku())
        .string(identity.family());
  }

  private static Structure chassis() {
    return new Structure(3, 0x300)
        .string(MAKER)
        .bytes(1) // another kind
        .string(PcIdentity.BOARD)
        .bytes(0, 0) // no serial number, no tag
        .bytes(3, 3, 3, 2) // all is safe; what about security is unknown
        .u32(0)
        .bytes(0, 0, 0, 0, 0);
  }

  private static Structure processor() {
    return new Structure(4, 0x400)
        .string("CPU 0")
        .bytes(3, 1) // a central processor of another family
        .string(MAKER)
        .u64(0) // software asks the processor itself
        .string(PcIdentity.BOARD)
        .bytes(0)
        .u16(0)
        .u16(MEGAHERTZ)
        .u16(MEGAHERTZ)
        .bytes(0x41, 1) // in its socket and enabled; cannot be upgraded by another
        .u16(NOT_GIVEN) // caches
        .u16(NOT_GIVEN)
        .u16(NOT_GIVEN)
        .bytes(0, 0, 0)
        .bytes(1, 1, 1) // cores, those enabled, threads
        .u16(2)
        .u16(1);
  }

  private Structure memoryArray() {
    return new Structure(16, MEMORY_ARRAY)
        .bytes(1, 3, 6) // other place, system memory, corrects errors
        .u32(memory >> 10)
        .u16(NO_ERRORS)
        .u16(modules())
        .u64(0);
  }

  private int modules() {
    return (int) ((memory + MODULE - 1) / MODULE);
  }

  private static Structure module(int index, long bytes) {
    return new Structure(17, 0x1100 + index)
        .u16(MEMORY_ARRAY)
        .u16(NO_ERRORS)
        .u16(NOT_GIVEN) // widths
        .u16(NOT_GIVEN)
        .u16((int) ((bytes + MIB - 1) / MIB))
        .bytes(9, 0) // a DIMM
        .string("DIMM " + index)
        .bytes(0)
        .bytes(7) // RAM
        .u16(2)
        .u16(0)
        .string(MAKER)
        .bytes(0, 0, 0, 0)
        .u32(0)
        .u16(0)
        .u16(0)
        .u16(0)
        .u16(0);
  }

  private static Structure addresses(int index, long start, long bytes) {
    return new Structure(19, 0x1300 + index)
        .u32(start >> 10)
        .u32((start + bytes - 1) >> 10)
        .u16(MEMORY_ARRAY)
        .bytes(1)
        .u64(0)
        .u64(0);
  }
}
