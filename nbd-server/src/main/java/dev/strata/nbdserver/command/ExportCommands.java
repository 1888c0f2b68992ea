// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.command.CommandSet;
import dev.strata.monitor.command.IoThread;
import dev.strata.monitor.command.Monitor;
import dev.strata.nbdserver.Export;
import dev.strata.nbdserver.StatusContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code block-export-add} and its kin.
 *
 * @see "QEMU qapi/block-export.json"
 */
public final class ExportCommands implements CommandSet {
  private final Map<String, Export> exports = new LinkedHashMap<>(); // by id; one command at a time
  private final Map<String, IoThread> threads = new LinkedHashMap<>(); // of exports that have one
  private @Nullable Monitor monitor;
  private @Nullable RunningServer server;

  /** For the service loader. */
  public ExportCommands() {}

  @Override
  public void contribute(Monitor monitor) {
    this.monitor = monitor;
    monitor.commands().add("nbd-server-start", this::start);
    monitor.commands().add("nbd-server-stop", arguments -> stop());
    monitor.commands().add("block-export-add", this::add);
    monitor.commands().add("block-export-del", this::delete);
    monitor.commands().add("query-block-exports", arguments -> query());
    monitor.commands().add("nbd-server-add", this::addOld);
    monitor.commands().add("nbd-server-remove", this::deleteOld);
  }

  private Monitor monitor() {
    if (monitor == null) {
      throw new IllegalStateException("no monitor has these commands");
    }
    return monitor;
  }

  // The server

  private JsonValue start(JsonObject arguments) throws BlockException {
    if (server != null) {
      throw new BlockException(Errno.EEXIST, "NBD server already running");
    }
    server = RunningServer.start(monitor().graph().objects(), arguments);
    return new JsonObject();
  }

  private RunningServer running() throws BlockException {
    if (server == null) {
      throw new BlockException(Errno.EINVAL, "NBD server not running");
    }
    return server;
  }

  private JsonValue stop() throws BlockException {
    RunningServer ending = running();
    for (String id : List.copyOf(exports.keySet())) {
      remove(id, true);
    }
    server = null;
    ending.end();
    return new JsonObject();
  }

  @Override
  public void close() throws BlockException {
    if (server != null) {
      stop();
    }
  }

  // Exports

  private JsonValue add(JsonObject arguments) throws BlockException {
    String id = required(arguments, "id");
    if (!OptionString.isIdentifier(id)) {
      throw new BlockException(Errno.EINVAL, "Invalid block export id");
    }
    if (exports.containsKey(id)) {
      throw new BlockException(Errno.EEXIST, "Block export id '" + id + "' is already in use");
    }
    String nodeName = required(arguments, "node-name");
    BlockNode node = monitor().node(null, nodeName);
    String type = required(arguments, "type");
    if (!type.equals("nbd")) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Strata does not export by " + type + ", only by nbd");
    }
    IoThread thread = thread(arguments.string("iothread"));
    RunningServer target = running();
    boolean writable = flag(arguments, "writable", false);
    String given = arguments.string("name");
    String description = arguments.string("description");
    List<StatusContext> contexts = contexts(node, arguments, !writable);
    BlockBackend disk = monitor().graph().use(node, "", Export.permissions(writable));
    try {
      disk.writeThrough(flag(arguments, "writethrough", false));
      var export =
          new Export(
              given == null ? nodeName : given,
              description == null ? "" : description,
              disk,
              !writable,
              target.isForMany(),
              contexts);
      target.server().add(export);
      exports.put(id, export);
      if (thread != null) {
        thread.use();
        threads.put(id, thread);
      }
    } catch (BlockException e) {
      disk.close();
      throw e;
    }
    return new JsonObject();
  }

  private @Nullable IoThread thread(@Nullable String id) throws BlockException {
    if (id == null) {
      return null;
    }
    if (monitor().graph().objects().find(id) instanceof IoThread thread) {
      return thread;
    }
    throw new BlockException(Errno.ENODEV, "iothread \"" + id + "\" not found");
  }

  /** An export as an earlier version of QMP asks for it: its name is its id too. */
  private JsonValue addOld(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    monitor().node(device, device);
    running();
    String given = arguments.string("name");
    String name = given == null ? device : given;
    var export = new JsonObject();
    export.put("type", "nbd").put("id", name).put("node-name", device).put("name", name);
    String description = arguments.string("description");
    if (description != null) {
      export.put("description", description);
    }
    String bitmap = arguments.string("bitmap");
    if (bitmap != null) {
      export.put("bitmaps", new JsonArray().add(bitmap));
    }
    return add(export.put("writable", flag(arguments, "writable", false)));
  }

  private JsonValue deleteOld(JsonObject arguments) throws BlockException {
    var export = new JsonObject().put("id", required(arguments, "name"));
    String mode = arguments.string("mode");
    return delete(mode == null ? export : export.put("mode", mode));
  }

  private List<StatusContext> contexts(BlockNode node, JsonObject arguments, boolean readOnly)
      throws BlockException {
    var contexts = new LinkedHashMap<String, StatusContext>(); // each name once
    put(contexts, new StatusContext.BaseAllocation());
    if (flag(arguments, "allocation-depth", false)) {
      put(contexts, new StatusContext.AllocationDepth());
    }
    if (arguments.get("bitmaps") instanceof JsonArray array) {
      for (JsonValue each : array) {
        put(
            contexts,
            switch (each) {
              case JsonString(String name) -> StatusContext.Bitmap.ofChain(node, name, readOnly);
              case JsonObject there -> {
                String other = required(there, "node");
                yield StatusContext.Bitmap.ofNode(
                    monitor().node(other, other), required(there, "name"), readOnly);
              }
              default -> throw new IllegalArgumentException("the schema lets other bitmaps pass");
            });
      }
    }
    return List.copyOf(contexts.values());
  }

  private static void put(Map<String, StatusContext> contexts, StatusContext context) {
    contexts.putIfAbsent(context.name(), context);
  }

  private JsonValue delete(JsonObject arguments) throws BlockException {
    String id = required(arguments, "id");
    if (!exports.containsKey(id)) {
      throw new BlockException(Errno.ENOENT, "Export '" + id + "' is not found");
    }
    if (!remove(id, "hard".equals(arguments.string("mode")))) {
      throw new BlockException(Errno.EBUSY, "export '" + id + "' still in use");
    }
    return new JsonObject();
  }

  /** Removes an export; false if clients use it that may stay. */
  private boolean remove(String id, boolean byForce) throws BlockException {
    Export export = exports.get(id);
    if (export == null || !running().server().remove(export, byForce)) {
      return false;
    }
    exports.remove(id);
    IoThread thread = threads.remove(id);
    if (thread != null) {
      thread.leave();
    }
    export.disk().close();
    monitor().events().emit("BLOCK_EXPORT_DELETED", new JsonObject().put("id", id));
    return true;
  }

  private JsonValue query() {
    var found = new JsonArray();
    for (Map.Entry<String, Export> each : exports.entrySet()) {
      var json = new JsonObject();
      json.put("id", each.getKey());
      json.put("type", "nbd");
      json.put("node-name", each.getValue().disk().node().name());
      json.put("shutting-down", false);
      found.add(json);
    }
    return found;
  }
}
