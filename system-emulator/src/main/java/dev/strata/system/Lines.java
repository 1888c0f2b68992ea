// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.chardev.CommandLineBackend;
import dev.strata.monitor.command.ControlMonitors;
import dev.strata.system.chardev.DeviceLine;
import dev.strata.system.chardev.Line;
import dev.strata.system.chardev.Multiplexer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What serial lines and monitors lead to, as the command line names it. */
final class Lines {
  private static final String MULTIPLEXED = "mon:";
  private static final String DEFINED = "chardev:";

  /**
   * A line that a monitor for people is at.
   *
   * @param shared whether consoles are there, too
   */
  record MonitorLine(Line line, boolean shared) {}

  private final ControlMonitors monitors;
  private final boolean background;
  private final List<MonitorLine> human = new ArrayList<>();
  private final Map<String, Multiplexer> shared = new HashMap<>(); // by their devices' ids
  private volatile Runnable exit = () -> {};
  private int monitorCount;

  /**
   * No lines yet.
   *
   * @param background whether standard input and output are not for use
   */
  Lines(ControlMonitors monitors, boolean background) {
    this.monitors = monitors;
    this.background = background;
  }

  /** What ends the machine, should the keys for that be pressed. */
  void whenExit(Runnable action) {
    exit = action;
  }

  /** The lines that people's monitors are at. */
  List<MonitorLine> human() {
    return human;
  }

  /** Makes what {@code -chardev} describes, for others to ask for. */
  void define(String text) throws BlockException {
    String given = "-chardev " + text;
    try {
      BlockOptions options = OptionString.parse(text, "backend", null);
      Boolean many = options.takeBool("mux");
      CommandLineBackend backend = CommandLineBackend.of(options);
      add(given, backend);
      if (Boolean.TRUE.equals(many)) {
        share(backend.id());
      }
    } catch (BlockException e) {
      throw e.during(given);
    }
  }

  private void add(String given, CommandLineBackend backend) throws BlockException {
    if (background && "stdio".equals(backend.backend().string("type"))) {
      throw CommandLine.error("cannot use stdio with -daemonize");
    }
    monitors.addDevice(given, backend);
  }

  /** A monitor for people is at that line. */
  void addHuman(String name) throws BlockException {
    String device = device("-monitor " + name, monitorLabel(), name, false);
    if (device != null) {
      addHumanAt(device);
    }
  }

  /**
   * A monitor for programs is at that line.
   *
   * @param given the option, for messages
   */
  void addControl(String given, String name, boolean pretty) throws BlockException {
    String device = device(given, monitorLabel(), name, false);
    if (device != null) {
      addControlAt(device, pretty);
    }
  }

  private void addControlAt(String device, boolean pretty) throws BlockException {
    if (shared.containsKey(device)) {
      throw CommandLine.error("a monitor for programs does not share its device");
    }
    monitors.addMonitor(device, pretty);
  }

  private void addHumanAt(String device) throws BlockException {
    Multiplexer multiplexer = shared.get(device);
    human.add(
        multiplexer == null
            ? new MonitorLine(to(device), false)
            : new MonitorLine(multiplexer.monitor(), true));
  }

  /** Lets several be at a device from now on. */
  private Multiplexer share(String device) throws BlockException {
    var multiplexer = new Multiplexer(to(device), () -> exit.run());
    shared.put(device, multiplexer);
    return multiplexer;
  }

  private String monitorLabel() {
    return "compat_monitor" + monitorCount++;
  }

  /** A monitor, as {@code -mon} describes it. */
  void addMonitor(MonitorOption option) throws BlockException {
    try {
      if (option.control()) {
        addControlAt(option.device(), option.pretty());
      } else {
        addHumanAt(option.device());
      }
    } catch (BlockException e) {
      throw e.during(option.given());
    }
  }

  /**
   * By the short form, as {@code stdio} or {@code mon:stdio}.
   *
   * @param option for messages
   * @param label the id that a device gets for this
   * @return null for {@code none}
   */
  @Nullable Line byName(String option, String label, String name) throws BlockException {
    String given = option + " " + name;
    boolean multiplexed = name.startsWith(MULTIPLEXED);
    String inner = multiplexed ? name.substring(MULTIPLEXED.length()) : name;
    String device = device(given, label, inner, multiplexed);
    if (device == null) {
      return null;
    }
    if (!multiplexed) {
      return to(device);
    }
    Multiplexer multiplexer = share(device);
    human.add(new MonitorLine(multiplexer.monitor(), true));
    return multiplexer.console();
  }

  /**
   * The id of the device that is meant, made if need be; null for none.
   *
   * @param keys whether keys as Ctrl-C are the guest's: a monitor can be called to end it
   */
  private @Nullable String device(String given, String label, String name, boolean keys)
      throws BlockException {
    if (name.equals("none")) {
      return null;
    }
    if (name.startsWith(DEFINED)) {
      return name.substring(DEFINED.length());
    }
    try {
      CommandLineBackend backend =
          keys && name.equals("stdio")
              ? CommandLineBackend.parse("stdio,signal=off,id=" + label, null)
              : CommandLineBackend.ofShort(label, name);
      add(given, backend);
    } catch (BlockException e) {
      throw e.during(given);
    }
    return label;
  }

  /** The line to the device of that id, which is there, and free or shared. */
  Line to(String device) throws BlockException {
    Multiplexer multiplexer = shared.get(device);
    if (multiplexer != null) {
      return multiplexer.console();
    }
    monitors.devices().reserve(device);
    return DeviceLine.to(monitors.devices().require(device).device());
  }

  /** Whether there is a device of that id. */
  boolean has(String id) {
    return monitors.devices().find(id) != null;
  }
}
