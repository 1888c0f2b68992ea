// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import java.util.ArrayList;
import java.util.List;

/** A bus of a machine and the devices on it, for listings. */
public final class DeviceBus {
  private final String name;
  private final String type;
  private final List<DeviceNode> devices = new ArrayList<>();

  /** An empty bus. */
  public DeviceBus(String name, String type) {
    this.name = name;
    this.type = type;
  }

  /** A device is on it. */
  public DeviceNode add(String model, String... properties) {
    var device = new DeviceNode(model, List.of(properties));
    devices.add(device);
    return device;
  }

  /** A device is on it no more; whether it was. */
  public boolean remove(DeviceNode device) {
    return devices.remove(device);
  }

  /** Lists the bus and all that is on it, the latest first. */
  public String describe() {
    var text = new StringBuilder();
    describe(text, "");
    return text.toString();
  }

  void describe(StringBuilder text, String indent) {
    text.append(indent).append("bus: ").append(name).append('\n');
    text.append(indent).append("  type ").append(type).append('\n');
    for (DeviceNode device : devices.reversed()) {
      device.describe(text, indent + "  ");
    }
  }
}
