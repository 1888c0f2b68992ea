// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.RequestHeader;
import dev.strata.block.option.BlockOptions;
import dev.strata.monitor.commandline.Training;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs the training's command lines, and is the client that the servers among them wait for. The
 * word {@code @} in a line stands for the current folder, whose absolute path a socket needs.
 */
final class TrainingClient {
  private static final String SOCKET = "training.socket";
  private static final long SIZE = 64L << 20;

  private TrainingClient() {}

  static void run(Path commandLines) throws IOException {
    create("raw", "plain.raw");
    create("qcow2", "disk.qcow2");
    Path socket = Path.of(SOCKET).toAbsolutePath();
    Training.run(commandLines, words -> serve(words, socket));
  }

  private static int serve(String[] words, Path socket) {
    boolean serves = false;
    for (int i = 0; i < words.length; i++) {
      if (words[i].equals("@")) {
        words[i] = socket.toString();
        serves = true;
      }
    }
    if (serves) {
      Training.visit(socket, TrainingClient::talk);
    }
    return QemuNbd.run(words, false);
  }

  private static void create(String driver, String filename) throws BlockException {
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      var options = new BlockOptions();
      options.put("size", SIZE);
      graph.create(graph.drivers().require(driver), filename, options);
    }
  }

  private static void talk(SocketChannel channel) throws IOException {
    channel.write(ByteBuffer.allocate(4).putInt(HandshakeFlags.KNOWN).flip());
    channel.write(new NbdOption.StructuredReply().encode());
    channel.write(new NbdOption.SetMetaContext("", List.of("base:allocation")).encode());
    channel.write(new NbdOption.Go("", List.of()).encode());
    var requests = ByteBuffer.allocate(8192);
    RequestHeader.put(requests, false, 0, Command.BLOCK_STATUS, 1, 0, 65536);
    RequestHeader.put(requests, false, 0, Command.WRITE, 2, 0, 4096);
    requests.position(requests.position() + 4096);
    RequestHeader.put(requests, false, 0, Command.READ, 3, 0, 4096);
    RequestHeader.put(requests, false, 0, Command.FLUSH, 4, 0, 0);
    RequestHeader.put(requests, false, 0, Command.DISC, 5, 0, 0);
    channel.write(requests.flip());
    var answers = ByteBuffer.allocate(65536);
    while (channel.read(answers) >= 0) {
      answers.clear();
    }
  }
}
