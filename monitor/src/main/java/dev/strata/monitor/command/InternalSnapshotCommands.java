// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.JobArguments.invalid;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots inside an image.
 *
 * @see "QEMU qapi/block-core.json, blockdev-snapshot-internal-sync"
 */
final class InternalSnapshotCommands {
  private static final long NANOS = 1_000_000_000;

  private final Monitor monitor;

  InternalSnapshotCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new InternalSnapshotCommands(monitor);
    monitor
        .commands()
        .add(
            "blockdev-snapshot-internal-sync",
            arguments -> {
              own.take(arguments);
              return new JsonObject();
            });
    monitor.commands().add("blockdev-snapshot-delete-internal-sync", own::delete);
  }

  private BlockNode root(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode node = monitor.node(device, device);
    monitor.requireRoot(node);
    return node;
  }

  /** Keeps the disk as it is now. */
  void take(JsonObject arguments) throws BlockException {
    BlockNode node = root(arguments);
    String name = required(arguments, "name");
    monitor.jobs().checkIdle(node);
    if (!node.flags().writable()) {
      throw invalid("Device '" + required(arguments, "device") + "' is read only");
    }
    Optional<SnapshotStore> store = node.capability(SnapshotStore.class);
    if (store.isEmpty()) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Block format '"
              + node.driverName()
              + "' used by device '"
              + required(arguments, "device")
              + "' does not support internal snapshots");
    }
    if (name.isEmpty()) {
      throw invalid("Name is empty");
    }
    if (find(store.get(), null, name) != null) {
      throw new BlockException(
          Errno.EEXIST,
          "Snapshot with name '"
              + name
              + "' already exists on device '"
              + required(arguments, "device")
              + "'");
    }
    Instant now = monitor.graph().stamp().now();
    long clock = Math.addExact(Math.multiplyExact(now.getEpochSecond(), NANOS), now.getNano());
    var wanted =
        new Snapshot("", name, 0, now.getEpochSecond(), now.getNano(), clock, -1, node.length());
    monitor.graph().quiesced(List.of(node), () -> store.get().createSnapshot(wanted));
  }

  /** Gives that up again. */
  void undo(JsonObject arguments) throws BlockException {
    BlockNode node = root(arguments);
    SnapshotStore store = node.capability(SnapshotStore.class).orElseThrow();
    Snapshot snapshot = find(store, null, required(arguments, "name"));
    if (snapshot != null) {
      monitor.graph().quiesced(List.of(node), () -> store.deleteSnapshot(snapshot));
    }
  }

  private static @Nullable Snapshot find(
      SnapshotStore store, @Nullable String id, @Nullable String name) throws BlockException {
    for (Snapshot snapshot : store.snapshots()) {
      if ((id == null || snapshot.id().equals(id))
          && (name == null || snapshot.name().equals(name))) {
        return snapshot;
      }
    }
    return null;
  }

  private JsonValue delete(JsonObject arguments) throws BlockException {
    BlockNode node = root(arguments);
    String id = arguments.string("id");
    String name = arguments.string("name");
    if (id == null && name == null) {
      throw invalid("Name or id must be provided");
    }
    monitor.jobs().checkIdle(node);
    Optional<SnapshotStore> store = node.capability(SnapshotStore.class);
    if (store.isEmpty()) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Failed to get a snapshot list: Operation not supported");
    }
    Snapshot snapshot = find(store.get(), id, name);
    if (snapshot == null) {
      throw new BlockException(
          Errno.ENOENT,
          "Snapshot with id '"
              + (id == null ? "null" : id)
              + "' and name '"
              + (name == null ? "null" : name)
              + "' does not exist on device '"
              + required(arguments, "device")
              + "'");
    }
    monitor.graph().quiesced(List.of(node), () -> store.get().deleteSnapshot(snapshot));
    return snapshot.toJson();
  }
}
