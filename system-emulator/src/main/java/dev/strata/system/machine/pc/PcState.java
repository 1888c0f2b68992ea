// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.Device;
import dev.strata.system.device.pci.PciBus;
import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.MachineState;
import dev.strata.system.machine.MainMemory;
import dev.strata.system.state.StateFields;
import dev.strata.system.state.StateSection;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * What of a PC lasts.
 *
 * @param mainMemory the RAM
 * @param chips on the board but the processor, by name, in the order of their reset
 * @param memories beside the RAM, by name
 */
record PcState(
    Machine machine,
    VirtualClock clock,
    PcMemory ram,
    MainMemory mainMemory,
    PciBus pci,
    PcProcessor pins,
    Map<String, Device> chips,
    Map<String, MemorySegment> memories,
    List<GuestDrive> disks)
    implements MachineState.Parts {
  private static final int VERSION = 1;

  /** Of sections whose fields have been others. */
  private static final Map<String, Integer> VERSIONS = Map.of("keyboard", 2);

  @Override
  public List<StateSection> sections() {
    var all = new ArrayList<StateSection>();
    all.add(new StateSection.Fields("machine", VERSION, this::identity));
    all.add(new StateSection.Fields("clock", VERSION, clock));
    all.add(new StateSection.Memory("pc.ram", ram.ram().memory()));
    memories.forEach((name, memory) -> all.add(new StateSection.Memory(name, memory)));
    // Those before which drive the interrupt controllers, which come after.
    pci.functions().forEach((name, function) -> all.add(fields(name, function)));
    chips.forEach((name, chip) -> all.add(fields(name, chip)));
    all.add(new StateSection.Fields("cpu pins", VERSION, pins::state));
    all.add(new StateSection.Fields("cpu", VERSION, machine.processorState()));
    return all;
  }

  private static StateSection fields(String name, Device device) {
    return new StateSection.Fields(name, VERSIONS.getOrDefault(name, VERSION), device);
  }

  /** What another machine has to be like to go on. */
  private void identity(StateFields state) throws BlockException {
    state.same("machine type", "pc");
    var sum = new CRC32C();
    sum.update(ram.shadowedRom().memory().asByteBuffer());
    state.same("firmware's checksum", sum.getValue());
  }

  @Override
  public void hold(boolean held) {
    chips.values().forEach(chip -> chip.hold(held));
    pci.functions().values().forEach(function -> function.hold(held));
  }

  @Override
  public boolean isSettled() {
    // Requests begin no more: those that are held stay, the others get less.
    int held = 0;
    for (GuestDrive disk : disks) {
      held += disk.heldRequests();
    }
    int underWay = 0;
    for (Device chip : chips.values()) {
      underWay += chip.underWay();
    }
    for (PciFunction function : pci.functions().values()) {
      underWay += function.underWay();
    }
    return underWay == held;
  }

  /** The machine goes on. */
  void resumed() {
    chips.values().forEach(Device::resumed);
    pci.functions().values().forEach(Device::resumed);
    disks.forEach(GuestDrive::resume);
  }
}
