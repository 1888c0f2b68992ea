// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import dev.strata.monitor.commandline.Training;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the training's command lines, and says to the daemons among them what stands below their
 * line: QMP, a command a line, the last of which is to end the daemon. The path {@code @} in a
 * command line is the monitor's socket.
 */
final class TrainingDialogues {
  private static final String SOCKET = "training.socket";

  private TrainingDialogues() {}

  static void run(Path commandLines, Training.Tool tool) throws IOException {
    Path socket = Path.of(SOCKET).toAbsolutePath();
    List<String> lines = Files.readAllLines(commandLines);
    for (int at = 0; at < lines.size(); ) {
      String[] words = lines.get(at++).replace("@", socket.toString()).split(" ", -1);
      var dialogue = new ArrayList<String>();
      while (at < lines.size() && lines.get(at).startsWith("{")) {
        dialogue.add(lines.get(at++));
      }
      if (!dialogue.isEmpty()) {
        Files.deleteIfExists(socket);
        Training.visit(socket, channel -> talk(channel, dialogue));
      }
      tool.run(words);
    }
  }

  private static void talk(SocketChannel channel, List<String> dialogue) throws IOException {
    var in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    for (String command : dialogue) {
      // What is refused may be about a job that is not over yet.
      for (int i = 0; i < Training.ATTEMPTS && isRefused(channel, in, command); i++) {
        Training.pause();
      }
    }
  }

  private static boolean isRefused(SocketChannel channel, BufferedReader in, String command)
      throws IOException {
    channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
    String said = in.readLine();
    while (said != null && !said.startsWith("{\"return\"") && !said.startsWith("{\"error\"")) {
      said = in.readLine();
    }
    return said != null && said.startsWith("{\"error\"");
  }
}
