// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.system.Drives.Drive;
import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.hmp.MonitorCommands;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.pc.PcMachine;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A PC as its monitors see it. */
final class MachineSubject implements MonitorCommands.Subject {
  private final PcMachine pc;
  private final Machine machine;
  private final IdentityOptions identity;
  private final Map<Drive, String> drives;

  MachineSubject(PcMachine pc, IdentityOptions identity, Map<Drive, String> drives) {
    this.identity = identity;
    this.pc = pc;
    this.machine = pc.machine();
    this.drives = drives;
  }

  @Override
  public void quit() {
    machine.end(0);
  }

  @Override
  public void stop() {
    machine.pause();
  }

  @Override
  public void resume() {
    machine.resume();
  }

  @Override
  public void reset() {
    machine.pressReset();
  }

  @Override
  public void powerDown() {
    pc.pressPowerButton();
  }

  @Override
  public String status() {
    return "VM status: " + machine.status() + "\n";
  }

  @Override
  public String name() {
    String name = identity.name();
    return name == null ? "" : name + "\n";
  }

  @Override
  public String uuid() {
    return identity.identity().uuid() + "\n";
  }

  @Override
  public String registers() {
    return machine.registers();
  }

  @Override
  public int physicalByte(long address) {
    return pc.physicalByte(address);
  }

  @Override
  public void type(List<Key> keys, int holdMillis) {
    pc.typist().type(keys, holdMillis * 1_000_000L);
  }

  @Override
  public @Nullable Picture screen() {
    return pc.screen();
  }

  @Override
  public String blockDevices() {
    var text = new StringBuilder();
    for (var entry : drives.entrySet()) {
      text.append(text.isEmpty() ? "" : "\n").append(entry.getValue());
      BlockBackend image = entry.getKey().image();
      if (image == null) {
        text.append(": [not inserted]\n");
        continue;
      }
      BlockNode node = image.node();
      text.append(" (").append(node.name()).append("): ").append(node.filename());
      text.append(" (").append(node.driverName());
      text.append(entry.getKey().readOnly() ? ", read-only)" : ")");
      text.append("\n    Cache mode:       ");
      text.append(image.writeThrough() ? "writethrough" : "writeback").append('\n');
    }
    return text.toString();
  }
}
