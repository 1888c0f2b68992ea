// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import static java.util.Objects.requireNonNull;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.IoThread;
import dev.strata.monitor.command.Monitor;
import dev.strata.system.machine.Actions;
import dev.strata.system.machine.Machine;
import dev.strata.system.qmp.MachineCommands.Subject;
import java.util.List;

/**
 * What a machine is and can be, and what becomes of it when its guest wants something.
 *
 * @see "QEMU qapi/machine.json, misc.json, run-state.json"
 */
final class MachineQueries {
  private static final List<String> POLLING =
      List.of("poll-max-ns", "poll-grow", "poll-shrink", "aio-max-batch");

  private final Monitor monitor;
  private final Subject subject;

  private MachineQueries(Monitor monitor, Subject subject) {
    this.monitor = monitor;
    this.subject = subject;
  }

  static void contribute(Monitor monitor, Subject subject) {
    var own = new MachineQueries(monitor, subject);
    var commands = monitor.commands();
    commands.add("query-machines", arguments -> own.machines());
    commands.add("query-target", arguments -> new JsonObject().put("arch", subject.architecture()));
    commands.add(
        "query-kvm", arguments -> new JsonObject().put("enabled", false).put("present", false));
    commands.add("query-iothreads", arguments -> own.threads());
    commands.add(
        "query-memory-size-summary",
        arguments ->
            new JsonObject().put("base-memory", subject.memory()).put("plugged-memory", 0));
    commands.add("set-action", own::setAction);
  }

  private JsonArray machines() {
    var all = new JsonArray();
    for (Subject.Kind kind : subject.kinds()) {
      var told = new JsonObject().put("name", kind.name());
      String alias = kind.alias();
      if (alias != null) {
        told.put("alias", alias).put("is-default", true);
      }
      told.put("cpu-max", 1).put("hotpluggable-cpus", false).put("numa-mem-supported", false);
      told.put("deprecated", false);
      String processor = kind.processor();
      if (processor != null) {
        told.put("default-cpu-type", processor).put("default-ram-id", "pc.ram");
      }
      all.add(told);
    }
    return all;
  }

  /** Their work is done by threads of what uses them: the process stands for all. */
  private JsonArray threads() {
    var all = new JsonArray();
    for (String id : monitor.graph().objects().all().keySet()) {
      if (monitor.graph().objects().find(id) instanceof IoThread thread) {
        var told = new JsonObject().put("id", id).put("thread-id", ProcessHandle.current().pid());
        for (String name : POLLING) {
          told.put(name, property(thread, name));
        }
        all.add(told);
      }
    }
    return all;
  }

  private static JsonValue property(IoThread thread, String name) {
    return requireNonNull(thread.property(name), name);
  }

  private JsonObject setAction(JsonObject arguments) throws BlockException {
    if (arguments.has("watchdog")) {
      throw new BlockException(Errno.EOPNOTSUPP, "there is no watchdog on this board");
    }
    String reboot = arguments.string("reboot");
    String shutdown = arguments.string("shutdown");
    String panic = arguments.string("panic");
    Machine machine = subject.machine();
    Actions actions = machine.actions();
    if (reboot != null) {
      actions = actions.withEndAtReset(reboot.equals("shutdown"));
    }
    if (shutdown != null) {
      actions = actions.withPauseAtPowerOff(shutdown.equals("pause"));
    }
    if (panic != null) {
      actions = actions.withPanic(requireNonNull(Actions.Panic.named(panic)));
    }
    machine.actions(actions);
    return new JsonObject();
  }
}
