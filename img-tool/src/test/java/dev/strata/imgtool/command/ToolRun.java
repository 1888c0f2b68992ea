// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a command did, run within this process. */
record ToolRun(int code, String output, String errors) {
  static ToolRun of(Subcommand command, String... words) {
    var output = new ByteArrayOutputStream();
    var errors = new ByteArrayOutputStream();
    var terminal =
        new Terminal(
            "qemu-img",
            new PrintStream(output, false, StandardCharsets.UTF_8),
            new PrintStream(errors, true, StandardCharsets.UTF_8));
    int code;
    try {
      code = command.run(List.of(words), terminal);
    } catch (BlockException e) {
      terminal.error(e);
      code = 1;
    }
    terminal.flush();
    return new ToolRun(
        code, output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
  }
}
