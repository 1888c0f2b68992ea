// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import java.util.ArrayList;
import java.util.List;

/** A device of a machine and the buses behind it, for listings. */
public final class DeviceNode {
  private final String model;
  private final List<String> properties;
  private final List<DeviceBus> buses = new ArrayList<>();
  private String id = "";

  DeviceNode(String model, List<String> properties) {
    this.model = model;
    this.properties = properties;
  }

  /** What the user calls it. */
  public void id(String name) {
    id = name;
  }

  /** A bus is behind it. */
  public DeviceBus bus(String name, String type) {
    var bus = new DeviceBus(name, type);
    buses.add(bus);
    return bus;
  }

  void describe(StringBuilder text, String indent) {
    text.append(indent).append("dev: ").append(model);
    text.append(", id \"").append(id).append("\"\n");
    for (String property : properties) {
      text.append(indent).append("  ").append(property).append('\n');
    }
    for (DeviceBus bus : buses.reversed()) {
      bus.describe(text, indent + "  ");
    }
  }
}
