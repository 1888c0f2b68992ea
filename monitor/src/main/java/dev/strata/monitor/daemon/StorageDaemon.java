// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.posix.Detachment;
import dev.strata.block.posix.Posix;
import dev.strata.monitor.chardev.CommandLineBackend;
import dev.strata.monitor.command.ControlMonitors;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.PidFile;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.commandline.Training;
import dev.strata.monitor.manual.HelpPage;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.monitor.schema.QapiSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The {@code qemu-storage-daemon} command. */
public final class StorageDaemon {
  /** What a word of the command line has to be done for. */
  private interface Action {
    void run(String argument) throws BlockException, QmpException;
  }

  private final Terminal terminal;
  private final boolean takesSignals;
  private final ControlMonitors monitors;
  private final CountDownLatch told = new CountDownLatch(1); // to end
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable String pidFile;
  private boolean daemonize;
  private volatile boolean orderly = true; // what a client has ended could be ended

  private StorageDaemon(Terminal terminal, boolean takesSignals) {
    this.terminal = terminal;
    this.takesSignals = takesSignals;
    this.monitors =
        new ControlMonitors(
            QapiSchema.load(), List.of(), terminal::error, terminal::note, terminal::lastLine);
    monitors.monitor().commands().add("quit", arguments -> quit(), told::countDown);
  }

  /** Runs the program. */
  public static void main(String[] arguments) throws IOException {
    Path training = Training.commandLines();
    if (training != null) {
      TrainingDialogues.run(training, words -> run(words, false));
      return;
    }
    // Not System.exit: there is nothing to shut down, and idle threads shall not delay the end.
    Posix.exit(run(arguments, true));
  }

  /**
   * Runs the program within this process; may be called again.
   *
   * @param takesSignals whether signals end it in order, which ends the process
   * @return the exit code
   */
  private static int run(String[] arguments, boolean takesSignals) {
    Terminal terminal =
        Terminal.standard(System.getProperty("strata.program", "qemu-storage-daemon"));
    try {
      return new StorageDaemon(terminal, takesSignals).run(Arrays.asList(arguments));
    } catch (OutOfMemoryError e) {
      terminal.error("Out of memory: " + e.getMessage());
      return 1;
    } finally {
      terminal.flush();
    }
  }

  /** Clients hear of what ends before the one who wants it has an answer. */
  private JsonObject quit() {
    if (!monitors.endWork()) {
      orderly = false;
    }
    return new JsonObject();
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
      if (takesSignals) {
        Runtime.getRuntime().addShutdownHook(new Thread(this::endBySignal));
      }
      monitors.begin();
      if (daemonize) {
        Detachment.leaveSession();
        Detachment.leaveFolder();
        Detachment.closeErrors();
      }
      told.await();
      code = 0;
    } catch (BlockException e) {
      terminal.error(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      code = monitors.end() && orderly ? code : 1;
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
        case DaemonDescription.BLOCKDEV -> act("--blockdev", argument, monitors::addNode);
        case DaemonDescription.CHARDEV -> act("--chardev", argument, this::addDevice);
        case DaemonDescription.EXPORT -> act("--export", argument, monitors::addExport);
        case DaemonDescription.MONITOR -> act("--monitor", argument, this::addMonitor);
        case DaemonDescription.NBD_SERVER -> act("--nbd-server", argument, this::startServer);
        case DaemonDescription.OBJECT -> act("--object", argument, this::addObject);
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

  private void addDevice(String text) throws BlockException {
    monitors.addDevice("--chardev " + text, CommandLineBackend.parse(text, terminal::error));
  }

  private void addObject(String text) throws BlockException {
    monitors.monitor().graph().objects().define(ObjectProperties.parse(text));
  }

  private void startServer(String text) throws BlockException, QmpException {
    JsonObject options = monitors.checked(text, null, "NbdServerOptions");
    // QMP has an address in another shape, from an earlier time.
    if (options.get("addr") instanceof JsonObject address) {
      var data = new JsonObject();
      for (String name : address.keys()) {
        if (!name.equals("type")) {
          data.put(name, Objects.requireNonNull(address.get(name)));
        }
      }
      var legacy = new JsonObject();
      legacy.put("type", Monitor.required(address, "type"));
      options.put("addr", legacy.put("data", data));
    }
    monitors.monitor().commands().run("nbd-server-start", options);
  }

  private void addMonitor(String text) throws BlockException {
    JsonObject options = monitors.checked(text, "chardev", "MonitorOptions");
    if ("readline".equals(options.string("mode"))) {
      throw new BlockException(Errno.EINVAL, "Only QMP is supported");
    }
    monitors.addMonitor(
        Monitor.required(options, "chardev"), Monitor.flag(options, "pretty", false));
  }
}
