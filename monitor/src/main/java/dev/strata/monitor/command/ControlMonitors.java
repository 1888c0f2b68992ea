// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.job.JobRegistry;
import dev.strata.block.json.JsonObject;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.object.ObjectType;
import dev.strata.block.option.DottedKeys;
import dev.strata.block.posix.PassedDescriptors;
import dev.strata.monitor.chardev.Backend;
import dev.strata.monitor.chardev.CharacterDevices;
import dev.strata.monitor.chardev.CommandLineBackend;
import dev.strata.monitor.qmp.ClientDescriptors;
import dev.strata.monitor.qmp.QmpCommands;
import dev.strata.monitor.qmp.QmpEvents;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.monitor.qmp.QmpSession;
import dev.strata.monitor.schema.QapiInput;
import dev.strata.monitor.schema.QapiSchema;
import dev.strata.monitor.schema.SchemaDescription;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The QMP monitors of a program, with all that they rule: nodes, jobs, objects and character
 * devices. Programs add commands of their own, {@code quit} at least. Whoever made this ends it.
 */
public final class ControlMonitors {
  /** A monitor that is to be. */
  private interface Opening {
    void run() throws BlockException;
  }

  private interface Closing {
    void run() throws BlockException;
  }

  private final QapiSchema schema;
  private final Consumer<String> notes;
  private final ObjectRegistry objects;
  private final Monitor monitor;
  private final List<CommandSet> sets = new ArrayList<>();
  private final CharacterDevices devices = new CharacterDevices();
  private final List<Opening> openings = new ArrayList<>(); // until all is set up
  private final List<QmpSession> sessions = new CopyOnWriteArrayList<>();

  /**
   * No nodes and no monitors yet.
   *
   * @param schema of the program
   * @param more types of objects beside those of all programs
   * @param notes takes a line for the user
   * @param warnings takes what the block layer says of images
   * @param lastWords takes a line that says why the program cannot go on, and ends it
   */
  public ControlMonitors(
      QapiSchema schema,
      List<ObjectType> more,
      Consumer<String> notes,
      Consumer<String> warnings,
      Consumer<String> lastWords) {
    this.schema = schema;
    this.notes = notes;
    var types = new ArrayList<>(more);
    types.add(new IoThread.Type());
    objects = new ObjectRegistry(types);
    var events = new QmpEvents(Clock.systemUTC());
    var commands = new QmpCommands(schema);
    commands.add("qmp_capabilities", arguments -> new JsonObject());
    commands.add("query-version", arguments -> version());
    commands.add("query-commands", arguments -> commands.names());
    commands.add(
        "query-qmp-schema", arguments -> SchemaDescription.of(schema, commands.nameList()));
    monitor =
        new Monitor(
            new BlockGraph(DriverRegistry.load(), objects, warnings),
            new JobRegistry(new JobEvents(events)),
            events,
            commands,
            new GuestDrives(),
            new Exports());
    monitor.graph().listener(new GraphEvents(events, monitor.drives(), lastWords));
    commands.pace(new JobPace(monitor.jobs()));
    contribute();
  }

  private void contribute() {
    BlockCommands.contribute(monitor);
    BitmapCommands.contribute(monitor);
    JobCommands.contribute(monitor);
    BlockJobCommands.contribute(monitor);
    ChainCommands.contribute(monitor);
    MirrorCommands.contribute(monitor);
    BackupCommands.contribute(monitor);
    DriveCommands.contribute(monitor);
    SnapshotCommands.contribute(monitor);
    InternalSnapshotCommands.contribute(monitor);
    ReopenCommand.contribute(monitor);
    CreateCommand.contribute(monitor);
    StatisticsCommands.contribute(monitor);
    TransactionCommand.contribute(monitor);
    ChardevCommands.contribute(monitor, devices, notes);
    QomCommands.contribute(monitor, devices);
    GraphCommands.contribute(monitor);
    AmendCommand.contribute(monitor);
    ExportCommands.contribute(monitor);
    VhostUserExport.contribute(monitor, notes);
    // Not in the module's descriptor: starting any tool would then resolve the modules of all.
    ControlMonitors.class.getModule().addUses(CommandSet.class);
    for (CommandSet set : ServiceLoader.load(CommandSet.class)) {
      set.contribute(monitor);
      sets.add(set);
    }
  }

  private static JsonObject version() {
    return new JsonObject()
        .put("qemu", new JsonObject().put("major", 7).put("minor", 2).put("micro", 22))
        .put("package", "Strata 0.1.0");
  }

  /** What the commands work on. */
  public Monitor monitor() {
    return monitor;
  }

  /** The character devices. */
  public CharacterDevices devices() {
    return devices;
  }

  // The command line

  /**
   * What an option's argument says, checked by the schema: as {@code NAME=VALUE,…} or as JSON.
   *
   * @param impliedKey the name that the first value may do without, or null
   * @param type the structure's name in the schema
   */
  public JsonObject checked(String text, @Nullable String impliedKey, String type)
      throws BlockException {
    DottedKeys parsed = DottedKeys.parseOrJson(text, impliedKey);
    if (parsed.help()) {
      throw new BlockException(Errno.EINVAL, "Help is not available for this option");
    }
    JsonObject given = parsed.object();
    return text.startsWith("{")
        ? QapiInput.ofJson(schema.structure(type), given)
        : QapiInput.ofText(schema.structure(type), given);
  }

  /** Opens the node that {@code --blockdev} describes. */
  public void addNode(String text) throws BlockException, QmpException {
    monitor.commands().run("blockdev-add", checked(text, "driver", "BlockdevOptions"));
  }

  /**
   * Makes a device of a command line.
   *
   * @param given the option, for notes
   */
  public void addDevice(String given, CommandLineBackend parsed) throws BlockException {
    if (devices.find(parsed.id()) != null) {
      throw new BlockException(Errno.EEXIST, "Duplicate ID '" + parsed.id() + "' for chardev");
    }
    var maker = new Backend(false, note -> notes.accept(given + ": " + note));
    devices.add(parsed.id(), parsed.backend(), maker);
  }

  /**
   * Has the clients of a device, which is there and free, rule the program once it begins.
   *
   * @param pretty whether replies take several lines
   */
  public void addMonitor(String device, boolean pretty) throws BlockException {
    devices.reserve(device);
    openings.add(() -> devices.attach(device, (in, out) -> converse(in, out, pretty)));
  }

  /** Begins: clients are listened to from now on. */
  public void begin() throws BlockException {
    for (Opening each : openings) {
      each.run();
    }
  }

  private void converse(InputStream in, OutputStream out, boolean pretty) {
    PassedDescriptors passed =
        in instanceof PassedDescriptors carried ? carried : ClientDescriptors.NONE;
    var session =
        new QmpSession(monitor.commands(), monitor.events(), out, version(), pretty, passed);
    sessions.add(session);
    session.run(new InputStreamReader(in, StandardCharsets.UTF_8));
    sessions.remove(session);
  }

  // The end

  /** Serves the node that {@code --export} describes. */
  public void addExport(String text) throws BlockException {
    monitor.exports().add(monitor, checked(text, "type", "BlockExportOptions"), false);
  }

  /**
   * Stops serving nodes and then ends the jobs; clients hear of each. False if something could not
   * be ended in order, which the user is told.
   */
  public boolean endWork() {
    boolean good = attempt(() -> monitor.exports().removeAll(monitor));
    monitor.jobs().close();
    return good;
  }

  /**
   * Ends what clients have begun and closes all images, while clients can still be answered; false
   * if something could not be ended in order, which the user is told.
   */
  public boolean endDisks() {
    boolean good = endWork();
    good &= attempt(monitor.graph()::close);
    return good;
  }

  /** Ends everything; false if something could not be ended in order, which the user is told. */
  public boolean end() {
    boolean good = endWork();
    for (CommandSet set : sets) {
      good &= attempt(set::close);
    }
    good &= attempt(devices::close);
    good &= attempt(monitor.graph()::close);
    objects.close();
    for (QmpSession session : sessions) {
      session.finish();
    }
    return good;
  }

  private boolean attempt(Closing closing) {
    try {
      closing.run();
      return true;
    } catch (BlockException e) {
      for (BlockException each : e.all()) {
        notes.accept(each.getMessage());
      }
      return false;
    }
  }
}
