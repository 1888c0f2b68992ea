// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.file.posix.Detachment;
import dev.strata.block.file.posix.Posix;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.job.JobRegistry;
import dev.strata.block.json.JsonObject;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.DottedKeys;
import dev.strata.monitor.chardev.Backend;
import dev.strata.monitor.chardev.CharacterDevices;
import dev.strata.monitor.chardev.CommandLineBackend;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.manual.HelpPage;
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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The {@code qemu-storage-daemon} command. */
public final class StorageDaemon {
  /** A monitor that is to be. */
  private interface Opening {
    void run() throws BlockException;
  }

  /** What a word of the command line has to be done for. */
  private interface Action {
    void run(String argument) throws BlockException, QmpException;
  }

  private final Terminal terminal;
  private final QapiSchema schema = QapiSchema.load();
  private final ObjectRegistry objects = new ObjectRegistry(List.of(new IoThread.Type()));
  private final BlockGraph graph;
  private final JobRegistry jobs;
  private final Daemon daemon;
  private final List<CommandSet> sets = new ArrayList<>();
  private final CharacterDevices devices = new CharacterDevices();
  private final List<Opening> monitors = new ArrayList<>(); // until all is set up
  private final List<QmpSession> sessions = new CopyOnWriteArrayList<>();
  private final CountDownLatch told = new CountDownLatch(1); // to end
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable String pidFile;
  private boolean daemonize;

  private StorageDaemon(Terminal terminal) {
    this.terminal = terminal;
    this.graph = new BlockGraph(DriverRegistry.load(), objects, terminal::error);
    var events = new QmpEvents(Clock.systemUTC());
    this.jobs = new JobRegistry(new JobEvents(events));
    this.daemon = new Daemon(graph, jobs, events, new QmpCommands(schema));
    contribute();
  }

  private void contribute() {
    QmpCommands commands = daemon.commands();
    commands.add("qmp_capabilities", arguments -> new JsonObject());
    commands.add("query-version", arguments -> version());
    commands.add("query-commands", arguments -> commands.names());
    commands.add(
        "query-qmp-schema", arguments -> SchemaDescription.of(schema, commands.nameList()));
    commands.add("quit", arguments -> new JsonObject()); // the session ends the program
    BlockCommands.contribute(daemon);
    BitmapCommands.contribute(daemon);
    JobCommands.contribute(daemon);
    BlockJobCommands.contribute(daemon);
    ChainCommands.contribute(daemon);
    MirrorCommands.contribute(daemon);
    BackupCommands.contribute(daemon);
    SnapshotCommands.contribute(daemon);
    InternalSnapshotCommands.contribute(daemon);
    ReopenCommand.contribute(daemon);
    CreateCommand.contribute(daemon);
    StatisticsCommands.contribute(daemon);
    TransactionCommand.contribute(daemon);
    ChardevCommands.contribute(daemon, devices, terminal::error);
    QomCommands.contribute(daemon, devices);
    GraphCommands.contribute(daemon);
    // Not in the module's descriptor: starting any tool would then resolve the modules of all.
    StorageDaemon.class.getModule().addUses(CommandSet.class);
    for (CommandSet set : ServiceLoader.load(CommandSet.class)) {
      set.contribute(daemon);
      sets.add(set);
    }
  }

  private static JsonObject version() {
    return new JsonObject()
        .put("qemu", new JsonObject().put("major", 7).put("minor", 2).put("micro", 22))
        .put("package", "Strata 0.1.0");
  }

  /** Runs the program. */
  public static void main(String[] arguments) {
    Terminal terminal =
        Terminal.standard(System.getProperty("strata.program", "qemu-storage-daemon"));
    int code;
    try {
      code = new StorageDaemon(terminal).run(Arrays.asList(arguments));
    } catch (OutOfMemoryError e) {
      terminal.error("Out of memory: " + e.getMessage());
      code = 1;
    }
    terminal.flush();
    // Not System.exit: there is nothing to shut down, and idle threads shall not delay the end.
    Posix.exit(code);
  }

  private int run(List<String> words) {
    int code = 1;
    PidFile pid = null;
    try {
      Integer early = parse(words);
      if (early != null) {
        return early;
      }
      Long launcher = Long.getLong("strata.forked");
      if (daemonize && launcher == null) {
        throw new BlockException(Errno.EOPNOTSUPP, "--daemonize needs the program's launcher");
      }
      if (pidFile != null) {
        pid = PidFile.write(pidFile, ProcessHandle.current().pid());
      }
      Runtime.getRuntime().addShutdownHook(new Thread(this::endBySignal));
      for (Opening monitor : monitors) {
        monitor.run();
      }
      if (daemonize) {
        Detachment.leaveSession();
        Detachment.closeErrors();
      }
      told.await();
      code = 0;
    } catch (BlockException e) {
      terminal.error(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      code = close() ? code : 1;
      if (pid != null) {
        pid.remove();
      }
      ended.countDown();
    }
    return code;
  }

  /** Signals end the process when this returns. */
  private void endBySignal() {
    told.countDown();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    terminal.flush();
    Posix.exit(0);
  }

  // The command line

  /** Does what the words say; an exit code if that is all. */
  private @Nullable Integer parse(List<String> words) throws BlockException {
    // The reference looks for these two first, whatever else is there.
    var options = options(words);
    for (int key = options.next(); key != GetOpt.END; key = options.next()) {
      switch (key) {
        case 'h' -> {
          terminal.out().print(HelpPage.ofTool(terminal.program(), new DaemonDescription()));
          return 0;
        }
        case 'V' -> {
          terminal.out().print(DaemonDescription.VERSION + "\n");
          return 0;
        }
        case DaemonDescription.DAEMONIZE -> daemonize = true;
        case DaemonDescription.PID_FILE -> pidFile = options.argument();
        case GetOpt.ERROR -> {
          return 1;
        }
        default -> {}
      }
    }
    if (!options.operands().isEmpty()) {
      String first = options.operands().getFirst();
      throw new BlockException(Errno.EINVAL, first + ": Unexpected argument");
    }
    options = options(words);
    for (int key = options.next(); key != GetOpt.END; key = options.next()) {
      String argument = options.argument();
      switch (key) {
        case DaemonDescription.BLOCKDEV -> act("--blockdev", argument, this::addNode);
        case DaemonDescription.CHARDEV -> act("--chardev", argument, this::addDevice);
        case DaemonDescription.EXPORT -> act("--export", argument, this::addExport);
        case DaemonDescription.MONITOR -> act("--monitor", argument, this::addMonitor);
        case DaemonDescription.NBD_SERVER -> act("--nbd-server", argument, this::startServer);
        case DaemonDescription.OBJECT ->
            act("--object", argument, text -> objects.define(ObjectProperties.parse(text)));
        default -> {}
      }
    }
    return null;
  }

  private GetOpt options(List<String> words) {
    return new DaemonDescription().options().read(terminal.program(), words, false, terminal::line);
  }

  private static void act(String option, String argument, Action action) throws BlockException {
    try {
      action.run(argument);
    } catch (BlockException e) {
      BlockException told =
          new BlockException(e.errno(), option + " " + argument + ": " + e.getMessage());
      throw e.hint() == null ? told : told.withHint(e.hint());
    } catch (QmpException e) {
      throw new BlockException(Errno.EINVAL, option + " " + argument + ": " + e.getMessage())
          .causedBy(e);
    }
  }

  private void addNode(String text) throws BlockException, QmpException {
    daemon.commands().run("blockdev-add", checked(text, "driver", "BlockdevOptions"));
  }

  private void addDevice(String text) throws BlockException {
    CommandLineBackend parsed = CommandLineBackend.parse(text, terminal::error);
    if (devices.find(parsed.id()) != null) {
      throw new BlockException(Errno.EEXIST, "Duplicate ID '" + parsed.id() + "' for chardev");
    }
    var maker = new Backend(false, note -> terminal.error("--chardev " + text + ": " + note));
    devices.add(parsed.id(), parsed.backend(), maker);
  }

  private JsonObject checked(String text, @Nullable String impliedKey, String type)
      throws BlockException {
    JsonObject given = DottedKeys.parseOrJson(text, impliedKey).object();
    return text.startsWith("{")
        ? QapiInput.ofJson(schema.structure(type), given)
        : QapiInput.ofText(schema.structure(type), given);
  }

  private void addExport(String text) throws BlockException, QmpException {
    daemon.commands().run("block-export-add", checked(text, "type", "BlockExportOptions"));
  }

  private void startServer(String text) throws BlockException, QmpException {
    JsonObject options = checked(text, null, "NbdServerOptions");
    // QMP has an address in another shape, from an earlier time.
    if (options.get("addr") instanceof JsonObject address) {
      var data = new JsonObject();
      for (String name : address.keys()) {
        if (!name.equals("type")) {
          data.put(name, Objects.requireNonNull(address.get(name)));
        }
      }
      var legacy = new JsonObject();
      legacy.put("type", Daemon.required(address, "type"));
      options.put("addr", legacy.put("data", data));
    }
    daemon.commands().run("nbd-server-start", options);
  }

  private void addMonitor(String text) throws BlockException {
    JsonObject options = checked(text, "chardev", "MonitorOptions");
    String name = Daemon.required(options, "chardev");
    devices.reserve(name);
    if ("readline".equals(options.string("mode"))) {
      throw new BlockException(Errno.EINVAL, "Only QMP is supported");
    }
    boolean pretty = Daemon.flag(options, "pretty", false);
    monitors.add(() -> devices.attach(name, (in, out) -> converse(in, out, pretty)));
  }

  private void converse(InputStream in, OutputStream out, boolean pretty) {
    var session =
        new QmpSession(daemon.commands(), daemon.events(), out, version(), pretty, told::countDown);
    sessions.add(session);
    session.run(new InputStreamReader(in, StandardCharsets.UTF_8));
    sessions.remove(session);
  }

  // The end

  /** Ends everything; false if something could not be ended in order. */
  private boolean close() {
    boolean good = true;
    jobs.close();
    for (CommandSet set : sets) {
      good &= attempt(set::close);
    }
    good &= attempt(devices::close);
    good &= attempt(graph::close);
    objects.close();
    for (QmpSession session : sessions) {
      session.finish();
    }
    return good;
  }

  private interface Closing {
    void run() throws BlockException;
  }

  private boolean attempt(Closing closing) {
    try {
      closing.run();
      return true;
    } catch (BlockException e) {
      terminal.error(e);
      return false;
    }
  }
}
