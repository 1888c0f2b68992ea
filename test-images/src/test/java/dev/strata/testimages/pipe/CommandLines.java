// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.pipe;

import dev.strata.imgtool.QemuImg;
import dev.strata.monitor.commandline.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;

/**
 * A program that runs the lines of its first argument's file by {@code qemu-img}, one after the
 * other, between the pipes that it was started with. Of each it writes a line to its second
 * argument's file: the exit code, how many lines of errors there were, how many bytes it printed
 * elsewhere than to the pipe, and the errors.
 */
final class CommandLines {
  private CommandLines() {}

  public static void main(String[] arguments) throws IOException {
    var results = new ArrayList<String>();
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      var output = new ByteArrayOutputStream();
      var errors = new ByteArrayOutputStream();
      var terminal =
          new Terminal(
              "qemu-img",
              new PrintStream(output, true, StandardCharsets.UTF_8),
              new PrintStream(errors, true, StandardCharsets.UTF_8));
      int code = QemuImg.run(line.split(" "), terminal);
      String text = errors.toString(StandardCharsets.UTF_8);
      results.add(
          code + " " + text.lines().count() + " " + output.size() + " " + text.replace('\n', ' '));
    }
    Files.write(Path.of(arguments[1]), results);
  }
}
