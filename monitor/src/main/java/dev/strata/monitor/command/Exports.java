// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.OptionString;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that are being served, of all types. One command at a time uses it.
 *
 * @see "QEMU qapi/block-export.json"
 */
public final class Exports {
  private record Entry(String type, RunningExport export, @Nullable IoThread thread) {}

  private final Map<String, ExportType> types = new HashMap<>();
  private final Map<String, GuestDrive> drives = new HashMap<>(); // of exports that end with one
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(); // by id

  /** No types and no exports yet. */
  Exports() {}

  /** Has nodes be served in that way too. */
  public void offer(String type, ExportType how) {
    types.put(type, how);
  }

  /**
   * Starts an export.
   *
   * @param arguments checked by the schema
   * @param fromMonitor whether a client says it, not the command line
   */
  public void add(Monitor monitor, JsonObject arguments, boolean fromMonitor)
      throws BlockException {
    String id = required(arguments, "id");
    if (!OptionString.isIdentifier(id)) {
      throw new BlockException(Errno.EINVAL, "Invalid block export id");
    }
    if (entries.containsKey(id)) {
      throw new BlockException(Errno.EEXIST, "Block export id '" + id + "' is already in use");
    }
    BlockNode node = monitor.node(null, required(arguments, "node-name"));
    String type = required(arguments, "type");
    ExportType how = types.get(type);
    if (how == null) {
      throw new BlockException(Errno.EOPNOTSUPP, "Strata does not export by " + type);
    }
    IoThread thread = thread(monitor, arguments.string("iothread"));
    activate(monitor, node);
    RunningExport export = how.start(node, arguments, fromMonitor);
    if (thread != null) {
      thread.use();
    }
    entries.put(id, new Entry(type, export, thread));
  }

  /**
   * Disks of a machine that is still to come are filled by exports. What another program has is
   * served as far as it may be read.
   */
  private static void activate(Monitor monitor, BlockNode node) {
    try {
      monitor.graph().activate(node);
    } catch (BlockException e) {
      // Whoever writes to the export is told.
    }
  }

  private static @Nullable IoThread thread(Monitor monitor, @Nullable String id)
      throws BlockException {
    if (id == null) {
      return null;
    }
    if (monitor.graph().objects().find(id) instanceof IoThread thread) {
      return thread;
    }
    throw new BlockException(Errno.ENODEV, "iothread \"" + id + "\" not found");
  }

  /** Stops an export; fails if there is none, or clients use it that may stay. */
  public void delete(Monitor monitor, String id, boolean byForce) throws BlockException {
    if (!entries.containsKey(id)) {
      throw new BlockException(Errno.ENOENT, "Export '" + id + "' is not found");
    }
    if (!remove(monitor, id, byForce)) {
      throw new BlockException(Errno.EBUSY, "export '" + id + "' still in use");
    }
  }

  private boolean remove(Monitor monitor, String id, boolean byForce) throws BlockException {
    Entry entry = entries.get(id);
    if (entry == null || !entry.export.stop(byForce)) {
      return false;
    }
    entries.remove(id);
    drives.remove(id);
    if (entry.thread != null) {
      entry.thread.leave();
    }
    entry.export.disk().close();
    monitor.events().emit("BLOCK_EXPORT_DELETED", new JsonObject().put("id", id));
    return true;
  }

  /** Has an export end when that drive's medium is taken out. */
  public void endWith(String id, GuestDrive drive) {
    drives.put(id, drive);
  }

  /** Stops what was to end with the medium of that drive, whoever uses it. */
  public void ejected(Monitor monitor, GuestDrive drive) throws BlockException {
    for (Map.Entry<String, GuestDrive> each : List.copyOf(drives.entrySet())) {
      if (each.getValue() == drive) {
        remove(monitor, each.getKey(), true);
      }
    }
  }

  /** Stops all exports of a type, whoever uses them. */
  public void removeAll(Monitor monitor, String type) throws BlockException {
    for (Map.Entry<String, Entry> each : List.copyOf(entries.entrySet())) {
      if (each.getValue().type.equals(type)) {
        remove(monitor, each.getKey(), true);
      }
    }
  }

  /** Stops all exports, the oldest first; what fails does not spare the others. */
  void removeAll(Monitor monitor) throws BlockException {
    BlockException failure = null;
    for (String id : List.copyOf(entries.keySet())) {
      try {
        remove(monitor, id, true);
      } catch (BlockException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** All exports, as {@code query-block-exports} tells them: the latest first. */
  JsonArray describe() {
    var found = new JsonArray();
    for (Map.Entry<String, Entry> each : entries.sequencedEntrySet().reversed()) {
      var json = new JsonObject();
      json.put("id", each.getKey());
      json.put("type", each.getValue().type);
      json.put("node-name", each.getValue().export.disk().node().name());
      json.put("shutting-down", false);
      found.add(json);
    }
    return found;
  }
}
