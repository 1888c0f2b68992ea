// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.graph.BlockBackend;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.Semaphore;

/** Serves one client on the caller's thread, for those who speak for the client. */
public final class ServedClient {
  private ServedClient() {}

  /** Handshake and requests until the client has left. */
  public static void serve(SocketChannel channel, BlockBackend disk) throws IOException {
    var export =
        new Export(
            "",
            "a disk",
            disk,
            false,
            true,
            List.of(new StatusContext.BaseAllocation(), new StatusContext.AllocationDepth()));
    var socket = new PeerSocket(channel);
    // Large options are taken; no threads, and no reads that are held whole.
    var shared = new Shared(new Semaphore(0), new Semaphore(0), new Semaphore(1));
    Session session = new Negotiation(socket, List.of(export), null, shared).run();
    if (session != null) {
      new Connection(session, socket, shared, new Traffic()).run();
    }
  }
}
