// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.CommandSet;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.command.RunningExport;
import dev.strata.nbdserver.Export;
import dev.strata.nbdserver.NbdServer;
import dev.strata.nbdserver.StatusContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code nbd-server-start} and its kin, and exports by NBD.
 *
 * @see "QEMU qapi/block-export.json"
 */
public final class NbdCommands implements CommandSet {
  private static final String TYPE = "nbd";

  /** An export on its server. */
  private record Running(NbdServer server, Export export) implements RunningExport {
    @Override
    public BlockBackend disk() {
      return export.disk();
    }

    @Override
    public boolean stop(boolean byForce) throws BlockException {
      boolean stopped = server.remove(export, byForce);
      if (stopped) {
        export.keepBitmaps(false);
      }
      return stopped;
    }
  }

  private @Nullable Monitor monitor;
  private @Nullable RunningServer server;

  /** For the service loader. */
  public NbdCommands() {}

  @Override
  public void contribute(Monitor monitor) {
    this.monitor = monitor;
    monitor.commands().add("nbd-server-start", this::start);
    monitor.commands().add("nbd-server-stop", arguments -> stop());
    monitor.commands().add("nbd-server-add", this::addOld);
    monitor.commands().add("nbd-server-remove", this::deleteOld);
    monitor.exports().offer(TYPE, (node, arguments, fromMonitor) -> start(node, arguments));
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
    monitor().exports().removeAll(monitor(), TYPE);
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

  private Running start(BlockNode node, JsonObject arguments) throws BlockException {
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
              given == null ? required(arguments, "node-name") : given,
              description == null ? "" : description,
              disk,
              !writable,
              target.isForMany(),
              contexts);
      target.server().add(export);
      export.keepBitmaps(true);
      return new Running(target.server(), export);
    } catch (BlockException e) {
      disk.close();
      throw e;
    }
  }

  /** An export as an earlier version of QMP asks for it: its name is its id too. */
  private JsonValue addOld(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    String node = monitor().node(device, device).name();
    running();
    String given = arguments.string("name");
    String name = given == null ? device : given;
    var export = new JsonObject();
    export.put("type", "nbd").put("id", name).put("node-name", node).put("name", name);
    String description = arguments.string("description");
    if (description != null) {
      export.put("description", description);
    }
    String bitmap = arguments.string("bitmap");
    if (bitmap != null) {
      export.put("bitmaps", new JsonArray().add(bitmap));
    }
    export.put("writable", flag(arguments, "writable", false));
    monitor().exports().add(monitor(), export, true);
    GuestDrive drive = monitor().drives().find(device);
    if (drive != null) {
      monitor().exports().endWith(name, drive);
    }
    return new JsonObject();
  }

  private JsonValue deleteOld(JsonObject arguments) throws BlockException {
    boolean byForce = "hard".equals(arguments.string("mode"));
    monitor().exports().delete(monitor(), required(arguments, "name"), byForce);
    return new JsonObject();
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
}
