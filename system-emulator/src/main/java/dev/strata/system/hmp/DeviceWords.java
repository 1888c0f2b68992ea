// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What people say to put devices in and take them out. */
final class DeviceWords {
  static final String ADD_USAGE = "device_add driver[,prop=value][,...]";
  static final String ADD_HELP = "add device, like -device on the command line";
  static final String REMOVE_USAGE = "device_del device";
  static final String REMOVE_HELP = "remove device";

  private final MonitorSubject.Devices devices;
  private final AtomicBoolean leaving = new AtomicBoolean(); // a device, of which nobody was told

  DeviceWords(MonitorSubject.Devices devices) {
    this.devices = devices;
  }

  String add(List<String> words) {
    return words.isEmpty()
        ? "Error: Parameter 'driver' is missing\n"
        : Answer.of(() -> devices.plug(words.getFirst()));
  }

  String remove(List<String> words) {
    return words.isEmpty()
        ? MonitorCommands.misused("device_del", "device_del: string expected")
        : Answer.of(() -> {
          devices.unplug(words.getFirst());
          leaving.set(true);
        });
  }

  /** Whoever took a device out has the answer: others hear of it. */
  void answered() {
    if (leaving.getAndSet(false)) {
      devices.tell();
    }
  }
}
