// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.IoVector;
import dev.strata.block.nbd.protocol.Command;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/** A client on the caller's thread, for those who speak for the server. */
public final class ScriptedSession {
  private static final int BLOCK = 512;

  private ScriptedSession() {}

  /** Handshake, then a request of each kind; ends whatever the server says. */
  public static void run(SocketChannel channel) throws IOException {
    var settings = new NbdSettings(new UnixServer("/nowhere"), "", null, 0, 0, null);
    NegotiatedExport export = Handshake.run(channel, settings);
    try (var connection = new NbdConnection(channel, export)) {
      connection.execute(NbdRequest.read(0, IoVector.of(new byte[BLOCK])));
      connection.execute(NbdRequest.of(Command.BLOCK_STATUS, 0, 0, BLOCK));
      connection.execute(NbdRequest.write(0, 0, IoVector.of(new byte[BLOCK])));
      connection.execute(NbdRequest.of(Command.FLUSH, 0, 0, 0));
      connection.execute(NbdRequest.read(0, IoVector.of(new byte[3 * BLOCK])));
    }
  }
}
