// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.pci.PciBus;
import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.machine.BoardListing;
import dev.strata.system.memory.AddressSpace;

/**
 * What the monitor tells of a PC.
 *
 * @param biosName what the firmware in ROM is called
 * @param biosBytes how long that is, or 0 if firmware is in flash
 */
record PcListing(
    AddressSpace memory,
    AddressSpace ports,
    PcInterrupts interrupts,
    PcTree tree,
    PciBus pci,
    FirmwareConfig firmware,
    String biosName,
    int biosBytes)
    implements BoardListing {
  @Override
  public String memoryTree(boolean flat) {
    return flat
        ? MemoryTree.flat("memory", "system", memory) + MemoryTree.flat("I/O", "io", ports)
        : MemoryTree.tree("memory", "system", memory) + MemoryTree.tree("I/O", "io", ports);
  }

  @Override
  public String interruptControllers() {
    return interrupts.describe();
  }

  @Override
  public String interruptCounts() {
    return interrupts.counts();
  }

  @Override
  public String roms() {
    return RomList.of(firmware, biosName, biosBytes);
  }

  @Override
  public String deviceTree() {
    return tree.describe();
  }

  @Override
  public String pciDevices() {
    return pci.describe();
  }
}
