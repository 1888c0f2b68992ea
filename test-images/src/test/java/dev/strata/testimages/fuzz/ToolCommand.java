// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.imgtool.command.Commands;
import dev.strata.monitor.commandline.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A command line of {@code qemu-img}, in this process: how it ended, and what it said. */
final class ToolCommand implements FuzzTarget {
  private final String command;
  private final List<String> words;
  private int code;
  private String output = "";
  private String errors = "";

  ToolCommand(String command, List<String> words) {
    this.command = command;
    this.words = words;
  }

  /** The exit code of the last run. */
  int code() {
    return code;
  }

  /** What the last run said. */
  String output() {
    return output;
  }

  /** What the last run complained about. */
  String errors() {
    return errors;
  }

  @Override
  public String name() {
    return command;
  }

  @Override
  public List<byte[]> seeds() {
    return List.of();
  }

  @Override
  public void run(byte[] input) throws BlockException {
    var said = new ByteArrayOutputStream();
    var complained = new ByteArrayOutputStream();
    var terminal =
        new Terminal(
            "qemu-img",
            new PrintStream(said, true, StandardCharsets.UTF_8),
            new PrintStream(complained, true, StandardCharsets.UTF_8));
    code = Commands.find(command).run(words, terminal);
    output = said.toString(StandardCharsets.UTF_8);
    errors = complained.toString(StandardCharsets.UTF_8);
  }
}
