// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.monitor.chardev.CommandLineBackend;
import dev.strata.monitor.command.ControlMonitors;
import dev.strata.system.chardev.DeviceLine;
import dev.strata.system.chardev.Line;
import dev.strata.system.chardev.Multiplexer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What serial lines and monitors lead to, as the command line names it. */
final class Lines {
  private static final String MULTIPLEXED = "mon:";
  private static final String DEFINED = "chardev:";

  private final ControlMonitors monitors;
  private final List<Line> human = new ArrayList<>();
  private @Nullable Multiplexer shared; // by a console and a monitor
  private volatile Runnable exit = () -> {};
  private int monitorCount;

  Lines(ControlMonitors monitors) {
    this.monitors = monitors;
  }

  /** What ends the machine, should the keys for that be pressed. */
  void whenExit(Runnable action) {
    exit = action;
  }

  /** What a console and a monitor share, or null. */
  @Nullable Multiplexer shared() {
    return shared;
  }

  /** The lines that only people's monitors are at. */
  List<Line> human() {
    return human;
  }

  /** Makes what {@code -chardev} describes, for others to ask for. */
  void define(String text) throws BlockException {
    String given = "-chardev " + text;
    try {
      monitors.addDevice(given, CommandLineBackend.parse(text, null));
    } catch (BlockException e) {
      throw e.during(given);
    }
  }

  /** A monitor for people is at that line. */
  void addHuman(String name) throws BlockException {
    String device = device("-monitor " + name, monitorLabel(), name, false);
    if (device != null) {
      human.add(to(device));
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
      monitors.addMonitor(device, pretty);
    }
  }

  private String monitorLabel() {
    return "compat_monitor" + monitorCount++;
  }

  /** A monitor, as {@code -mon} describes it. */
  void addMonitor(MonitorOption option) throws BlockException {
    try {
      if (option.control()) {
        monitors.addMonitor(option.device(), option.pretty());
      } else {
        human.add(to(option.device()));
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
    if (multiplexed && shared != null) {
      throw CommandLine.error(given + ": one line at most is shared with a monitor");
    }
    String inner = multiplexed ? name.substring(MULTIPLEXED.length()) : name;
    String device = device(given, label, inner, multiplexed);
    if (device == null) {
      return null;
    }
    Line line = to(device);
    if (!multiplexed) {
      return line;
    }
    var multiplexer = new Multiplexer(line, () -> exit.run());
    shared = multiplexer;
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
      monitors.addDevice(given, backend);
    } catch (BlockException e) {
      throw e.during(given);
    }
    return label;
  }

  /** The line to the device of that id, which is there and free. */
  Line to(String device) throws BlockException {
    monitors.devices().reserve(device);
    return DeviceLine.to(monitors.devices().require(device).device());
  }

  /** Whether there is a device of that id. */
  boolean has(String id) {
    return monitors.devices().find(id) != null;
  }
}
