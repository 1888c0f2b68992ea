// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.file.posix.RawTerminal;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.chardev.CharacterDevice;
import dev.strata.system.chardev.Multiplexer;
import dev.strata.system.chardev.StreamDevice;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What serial lines and monitors lead to, as the command line names it. Whoever made this closes
 * it.
 */
final class CharacterDevices implements AutoCloseable {
  private final List<CharacterDevice> open = new ArrayList<>();
  private final Map<String, CharacterDevice> named = new HashMap<>();
  private final List<CharacterDevice> monitors = new ArrayList<>();
  private boolean standardStreams;
  private @Nullable Multiplexer shared; // the standard streams by a console and a monitor
  private @Nullable RawTerminal terminal;
  private volatile Runnable exit = () -> {};

  CharacterDevices() {}

  /** What ends the machine, should the keys for that be pressed. */
  void whenExit(Runnable action) {
    exit = action;
  }

  /** What a console and a monitor share, or null. */
  @Nullable Multiplexer shared() {
    return shared;
  }

  /** The lines that only monitors are at. */
  List<CharacterDevice> monitors() {
    return monitors;
  }

  /** Whether standard input is a terminal that a monitor can be called at. */
  boolean isInteractive() {
    return shared != null && terminal != null;
  }

  /** A monitor is at that line. */
  void addMonitor(String name) throws BlockException {
    CharacterDevice line = byName("-monitor", name);
    if (line != null) {
      monitors.add(line);
    }
  }

  /** By the short form: {@code stdio}, {@code null}, {@code none}, {@code file:PATH}. */
  @Nullable CharacterDevice byName(String option, String name) throws BlockException {
    if (name.equals("none")) {
      return null;
    }
    if (name.equals("null")) {
      return CharacterDevice.nowhere();
    }
    if (name.equals("stdio")) {
      return standardStreams(option + " " + name, true);
    }
    if (name.equals("mon:stdio")) {
      var multiplexer =
          new Multiplexer(standardStreams(option + " " + name, false), () -> exit.run());
      shared = multiplexer;
      return multiplexer.console();
    }
    if (name.startsWith("file:")) {
      return file(option + " " + name, name.substring("file:".length()));
    }
    throw new BlockException(
        Errno.EINVAL, option + " " + name + ": '" + name + "' is not a valid char driver");
  }

  /** Opens what {@code -chardev} describes, for a device to ask for. */
  void define(String id, BlockOptions options) throws BlockException {
    named.put(id, byOptions(id, options));
  }

  /** What {@code -chardev} called so, or null. */
  @Nullable CharacterDevice find(String id) {
    return named.get(id);
  }

  private CharacterDevice byOptions(String id, BlockOptions given) throws BlockException {
    BlockOptions options = given.copy();
    String backend = options.takeString("backend");
    String path = options.takeString("path");
    for (String name : options.names()) {
      throw CommandLine.error("-chardev id=" + id + ": Invalid parameter '" + name + "'");
    }
    if (backend != null && backend.equals("stdio")) {
      return standardStreams("-chardev id=" + id, true);
    }
    if (backend != null && backend.equals("null")) {
      return CharacterDevice.nowhere();
    }
    if (backend != null && backend.equals("file") && path != null) {
      return file("-chardev id=" + id, path);
    }
    throw CommandLine.error(
        "-chardev id=" + id + ": '" + backend + "' is not a valid char driver name");
  }

  /**
   * Standard input and output.
   *
   * @param signals whether keys as Ctrl-C are signals to this program, not the guest's
   */
  private CharacterDevice standardStreams(String option, boolean signals) throws BlockException {
    if (standardStreams) {
      throw CommandLine.error(option + ": cannot use stdio by multiple character devices");
    }
    standardStreams = true;
    terminal = RawTerminal.open(signals);
    return kept(
        new StreamDevice(
            new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out)));
  }

  private CharacterDevice file(String option, String path) throws BlockException {
    try {
      return kept(
          new StreamDevice(null, new BufferedOutputStream(Files.newOutputStream(Path.of(path)))));
    } catch (IOException e) {
      throw CommandLine.error(option + ": Could not open '" + path + "': " + e.getMessage());
    }
  }

  private CharacterDevice kept(CharacterDevice device) {
    open.add(device);
    return device;
  }

  @Override
  public void close() {
    open.forEach(CharacterDevice::close);
    RawTerminal changed = terminal;
    if (changed != null) {
      changed.close();
    }
  }
}
