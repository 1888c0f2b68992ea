// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.schema.QapiSchema;
import dev.strata.system.hmp.MonitorCommands;
import dev.strata.system.hmp.MonitorSubject;
import dev.strata.system.machine.Cause;
import dev.strata.system.machine.Machine;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Commands about a machine.
 *
 * @see "QEMU qapi/run-state.json, machine.json, misc.json"
 */
public final class MachineCommands {
  /**
   * A machine and who it is.
   *
   * @param architecture as the reference calls it: {@code x86_64}
   * @param name what people call it, or null
   * @param human the commands that people have
   * @param powerButton what pressing it does
   * @param endWork stops serving nodes, and ends jobs
   * @param answer to the command that ends the machine
   * @param board what else is on its board
   * @param memory bytes of RAM; 0 if there is no board
   * @param kinds the machines that there could be
   */
  public record Subject(
      Machine machine,
      String architecture,
      @Nullable String name,
      UUID uuid,
      MonitorCommands human,
      Runnable powerButton,
      Runnable endWork,
      LastAnswer answer,
      MonitorSubject board,
      long memory,
      List<Kind> kinds) {
    /**
     * A machine that there could be.
     *
     * @param alias by which it is known for short, as the one that is meant if none is named; or
     *     null
     * @param processor the type that it has if nothing is said; null if it has none
     */
    public record Kind(String name, @Nullable String alias, @Nullable String processor) {}
  }

  private final Monitor monitor;
  private final Subject subject;

  private MachineCommands(Monitor monitor, Subject subject) {
    this.monitor = monitor;
    this.subject = subject;
  }

  /** The schema with these commands in it. */
  public static QapiSchema schema() {
    return QapiSchema.with(MachineCommands.class.getResourceAsStream("machine.schema"));
  }

  /** Adds the commands, and tells what becomes of the machine from now on. */
  public static void contribute(Monitor monitor, Subject subject) {
    var own = new MachineCommands(monitor, subject);
    Machine machine = subject.machine();
    var commands = monitor.commands();
    commands.add("query-status", arguments -> own.status());
    commands.add("stop", arguments -> done(subject.board()::stop));
    commands.add("cont", arguments -> own.resume());
    commands.add("system_reset", arguments -> done(machine::pressReset));
    commands.add("system_powerdown", arguments -> done(own::powerDown));
    commands.add("quit", arguments -> done(own::quit), subject.answer()::taken);
    commands.add("query-name", arguments -> own.name());
    commands.add(
        "query-uuid", arguments -> new JsonObject().put("UUID", subject.uuid().toString()));
    commands.add("query-cpus-fast", arguments -> own.processors());
    commands.add("human-monitor-command", own::human, subject.human()::answered);
    commands.add(
        "block_set_io_throttle", arguments -> ThrottleCommand.run(monitor.drives(), arguments));
    commands.add(
        "block-latency-histogram-set",
        arguments -> HistogramCommand.run(monitor.drives(), arguments));
    BoardCommands.contribute(monitor, subject.board());
    DescriptorCommands.contribute(monitor);
    MemoryCommands.contribute(monitor, subject.board(), machine.hasProcessor());
    MachineQueries.contribute(monitor, subject);
    MediumCommands.contribute(monitor, new DriveMedia(monitor));
    machine.listener(new MachineEvents(monitor.events()));
    var told = new DriveEvents(monitor.events(), machine);
    monitor.drives().listener(told);
  }

  private static JsonObject done(Runnable action) {
    action.run();
    return new JsonObject();
  }

  private JsonObject status() {
    boolean running = subject.machine().isRunning();
    String status = subject.machine().state();
    return new JsonObject().put("running", running).put("singlestep", false).put("status", status);
  }

  private JsonObject resume() throws BlockException {
    subject.board().resume();
    return new JsonObject();
  }

  /** Clients hear of the end before the one who wants it has an answer. */
  private void quit() {
    monitor.events().emit("SHUTDOWN", MachineEvents.data(Cause.HOST_QUIT));
    subject.endWork().run();
    subject.answer().expect();
    subject.machine().end(0);
    subject.answer().await();
  }

  private void powerDown() {
    subject.powerButton().run();
    monitor.events().emit("POWERDOWN");
  }

  private JsonObject name() {
    String name = subject.name();
    return name == null ? new JsonObject() : new JsonObject().put("name", name);
  }

  /** One, or none on a machine without a board. */
  private JsonArray processors() {
    var all = new JsonArray();
    if (subject.machine().hasProcessor()) {
      all.add(
          new JsonObject()
              .put("cpu-index", 0)
              .put("qom-path", "/machine/unattached/device[0]")
              .put("thread-id", ProcessHandle.current().pid())
              .put(
                  "props",
                  new JsonObject().put("socket-id", 0).put("core-id", 0).put("thread-id", 0))
              .put("target", subject.architecture()));
    }
    return all;
  }

  private JsonValue human(JsonObject arguments) throws BlockException {
    if (arguments.has("cpu-index") && !subject.machine().hasProcessor()) {
      throw new BlockException(Errno.EINVAL, "Parameter 'cpu-index' expects a CPU number");
    }
    String text = subject.human().run(Monitor.required(arguments, "command-line"));
    return new JsonString(text.replace("\n", "\r\n"));
  }
}
