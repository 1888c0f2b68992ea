// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The devices that the user has given names, and how each is taken out of the machine. */
final class Devices {
  /** Takes a device out. */
  interface Removal {
    /** Does it, when its requests are done. */
    void run() throws BlockException;
  }

  /** When a device can be taken out. */
  enum Leave {
    /** Never, as long as the machine runs. */
    NEVER,
    /** At once. */
    NOW,
    /** When the machine is reset, for the guest is not asked. */
    AT_RESET
  }

  /**
   * A device.
   *
   * @param host the name of the device that it leaves with, or null
   * @param inner the place of the device on it that leaves with it, or null
   * @param bus what it is on, as messages name it
   */
  record Device(
      String place,
      @Nullable String host,
      @Nullable String inner,
      String bus,
      Leave leave,
      Removal removal) {
    /** One that stays. */
    static Device fixed(String place, String bus) {
      return new Device(place, null, null, bus, Leave.NEVER, () -> {});
    }
  }

  private final Map<String, Device> named = new LinkedHashMap<>(); // guarded by this

  synchronized boolean has(String id) {
    return named.containsKey(id);
  }

  synchronized void put(String id, Device device) {
    named.put(id, device);
  }

  synchronized @Nullable Device find(String id) {
    return named.get(id);
  }

  /** The devices that leave with that one. */
  synchronized Map<String, Device> on(String host) {
    var all = new LinkedHashMap<String, Device>();
    named.forEach((id, device) -> {
      if (host.equals(device.host())) {
        all.put(id, device);
      }
    });
    return all;
  }

  synchronized void remove(String id) {
    named.remove(id);
  }
}
