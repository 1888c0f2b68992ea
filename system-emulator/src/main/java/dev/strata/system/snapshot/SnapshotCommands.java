// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.snapshot;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.Monitor;
import dev.strata.system.snapshot.MachineSnapshots.Scope;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots of a machine, by jobs.
 *
 * @see "QEMU qapi/migration.json, snapshot-save, snapshot-load, snapshot-delete"
 */
public final class SnapshotCommands {
  private final Monitor monitor;

  private SnapshotCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  /** Adds the commands. */
  public static void contribute(Monitor monitor, MachineSnapshots snapshots) {
    var own = new SnapshotCommands(monitor);
    own.add(
        "snapshot-save",
        arguments -> snapshots.save(required(arguments, "tag"), false, scope(arguments)));
    own.add(
        "snapshot-load", arguments -> snapshots.load(required(arguments, "tag"), scope(arguments)));
    own.add(
        "snapshot-delete",
        arguments -> snapshots.delete(required(arguments, "tag"), scope(arguments)));
  }

  private interface Action {
    void run(JsonObject arguments) throws BlockException;
  }

  private void add(String name, Action action) {
    monitor
        .commands()
        .add(
            name,
            arguments -> {
              String id = required(arguments, "job-id");
              monitor.jobs().checkNew(id);
              monitor.jobs().start(new SnapshotJob(name, id, () -> action.run(arguments)));
              return new JsonObject();
            });
  }

  private static Scope scope(JsonObject arguments) {
    var devices = new ArrayList<String>();
    if (arguments.get("devices") instanceof JsonArray names) {
      for (JsonValue each : names) {
        if (each instanceof JsonString(String name)) {
          devices.add(name);
        }
      }
    }
    @Nullable String keeper = arguments.string("vmstate");
    return new Scope(devices, keeper);
  }
}
