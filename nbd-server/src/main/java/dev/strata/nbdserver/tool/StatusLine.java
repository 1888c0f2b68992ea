// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.option.Size;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.nbdserver.NbdServer;
import dev.strata.nbdserver.Traffic;
import java.io.PrintStream;

/** What the server did in the last second, on one line of a terminal that is printed again. */
final class StatusLine {
  private static final long PERIOD_MILLIS = 1000;
  private static final String START_OF_LINE = "\r";
  private static final String REST_OF_LINE = "\u001b[K";

  private final NbdServer server;
  private final PrintStream output;
  private long requests;
  private long readBytes;
  private long writtenBytes;

  private StatusLine(NbdServer server, PrintStream output) {
    this.server = server;
    this.output = output;
  }

  /**
   * Shows the line until the process ends; not where nobody would see it.
   *
   * @return whether it is shown, so that what is printed at the end has to begin a new one
   */
  static boolean show(NbdServer server, Terminal terminal) {
    if (terminal.isInteractive()) {
      var line = new StatusLine(server, terminal.out());
      Thread.ofPlatform().daemon().name("nbd-status").start(line::run);
      return true;
    }
    return false;
  }

  private void run() {
    try {
      while (true) {
        print();
        Thread.sleep(PERIOD_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void print() {
    Traffic traffic = server.traffic();
    long newRequests = traffic.requests();
    long newRead = traffic.readBytes();
    long newWritten = traffic.writtenBytes();
    int clients = server.clientCount();
    output.print(
        START_OF_LINE
            + clients
            + (clients == 1 ? " client, " : " clients, ")
            + (newRequests - requests)
            + " requests/s, read "
            + Size.human(newRead - readBytes)
            + "/s, written "
            + Size.human(newWritten - writtenBytes)
            + "/s, "
            + traffic.errors()
            + " errors"
            + REST_OF_LINE);
    output.flush();
    requests = newRequests;
    readBytes = newRead;
    writtenBytes = newWritten;
  }
}
