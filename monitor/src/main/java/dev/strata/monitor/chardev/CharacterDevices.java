// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The devices that there are, by id. Thread-safe. */
public final class CharacterDevices implements AutoCloseable {
  /**
   * A device and what is known of it.
   *
   * @param used whether somebody is served by it
   */
  public record Entry(String id, CharacterDevice device, boolean used) {}

  private final Map<String, Entry> devices = new LinkedHashMap<>(); // guarded by this

  /** No devices yet. */
  public CharacterDevices() {}

  /**
   * Makes a device.
   *
   * @param backend checked by the schema
   */
  public synchronized void add(String id, JsonObject backend, Backend maker) throws BlockException {
    if (devices.containsKey(id)) {
      throw new BlockException(Errno.EEXIST, "Chardev with id '" + id + "' already exists");
    }
    devices.put(id, new Entry(id, make(id, backend, maker), false));
  }

  private CharacterDevice make(String id, JsonObject backend, Backend maker) throws BlockException {
    try {
      if ("stdio".equals(backend.string("type"))) {
        requireFreeStreams();
      }
      return maker.open(id, backend);
    } catch (BlockException e) {
      throw maker.fromMonitor() ? e.during("Failed to add chardev '" + id + "'") : e;
    }
  }

  private void requireFreeStreams() throws BlockException {
    for (Entry each : devices.values()) {
      if (each.device() instanceof StandardDevice) {
        throw new BlockException(Errno.EBUSY, "cannot use stdio by multiple character devices");
      }
    }
  }

  /** Has the device of that id serve clients. */
  public synchronized void attach(String id, CharacterDevice.Service service)
      throws BlockException {
    Entry entry = devices.get(id);
    if (entry == null) {
      throw new BlockException(Errno.ENODEV, "chardev \"" + id + "\" not found");
    }
    entry.device().attach(service);
  }

  /** Keeps a device for a service that is to come. */
  public synchronized void reserve(String id) throws BlockException {
    Entry entry = devices.get(id);
    if (entry == null) {
      throw new BlockException(Errno.ENODEV, "chardev \"" + id + "\" not found");
    }
    if (entry.used()) {
      throw new BlockException(Errno.EBUSY, "Device '" + id + "' is in use");
    }
    devices.put(id, new Entry(id, entry.device(), true));
  }

  /** Puts another device in the place of one that nobody uses. */
  public synchronized void change(String id, JsonObject backend, Backend maker)
      throws BlockException {
    Entry old = devices.get(id);
    if (old == null) {
      throw new BlockException(Errno.ENODEV, "Chardev '" + id + "' does not exist");
    }
    if (old.used()) {
      throw new BlockException(Errno.EBUSY, "Chardev user does not support chardev hotswap");
    }
    CharacterDevice device = make(id, backend, maker);
    devices.put(id, new Entry(id, device, false));
    old.device().close();
  }

  /** Gives a device up. */
  public synchronized void remove(String id) throws BlockException {
    Entry entry = require(id);
    if (entry.used()) {
      throw new BlockException(Errno.EBUSY, "Chardev '" + id + "' is busy");
    }
    devices.remove(id);
    entry.device().close();
  }

  /** The device of that id. */
  public synchronized Entry require(String id) throws BlockException {
    Entry entry = devices.get(id);
    if (entry == null) {
      throw new BlockException(Errno.ENODEV, "Chardev '" + id + "' not found");
    }
    return entry;
  }

  /** The device of that id, or null. */
  public synchronized @Nullable Entry find(String id) {
    return devices.get(id);
  }

  /** All devices, in the order in which they were made. */
  public synchronized List<Entry> all() {
    return List.copyOf(devices.values());
  }

  /** Gives all up; the first failure is thrown when all are closed. */
  @Override
  public synchronized void close() throws BlockException {
    BlockException failure = null;
    for (Entry each : devices.values()) {
      try {
        each.device().close();
      } catch (BlockException e) {
        failure = failure == null ? e : failure;
      }
    }
    devices.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
