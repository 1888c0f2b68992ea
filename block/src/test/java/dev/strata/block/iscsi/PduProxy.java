// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Stands between initiator and target, counts what SCSI commands go by, and cuts the connection.
 *
 * @see "RFC 7143, 11.2 PDU Template, 11.3 SCSI Command"
 */
final class PduProxy implements AutoCloseable {
  static final int READ_16 = 0x88;
  static final int WRITE_16 = 0x8a;
  static final int SYNCHRONIZE_CACHE_10 = 0x35;
  static final int UNMAP = 0x42;
  static final int WRITE_SAME_16 = 0x93;

  private static final int HEADER_SIZE = 48;
  private static final int SCSI_COMMAND = 0x01;
  private static final int FUA = 1 << 3;

  private final ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
  private final int target;
  private final List<Socket> sockets = new ArrayList<>(); // guarded by this
  private final Map<Integer, Integer> counts = new TreeMap<>(); // guarded by this
  private int through; // writes with FUA; guarded by this
  private int connections; // guarded by this
  private int untilCut = -1; // commands that still go by; guarded by this

  PduProxy(int target) throws IOException {
    this.target = target;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** How many commands of that operation code went to the target. */
  synchronized int count(int operation) {
    return counts.getOrDefault(operation, 0);
  }

  /** How many writes asked for force unit access. */
  synchronized int writesThrough() {
    return through;
  }

  /** How many connections carried commands: a target may refuse one while the last is ending. */
  synchronized int connections() {
    return connections;
  }

  synchronized void reset() {
    counts.clear();
    through = 0;
  }

  /** Cuts the connection, once, when so many commands have been sent on and not answered. */
  synchronized void cutAfter(int commands) {
    untilCut = commands;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        var upstream = new Socket(InetAddress.getLoopbackAddress(), target);
        synchronized (this) {
          sockets.add(client);
          sockets.add(upstream);
        }
        Thread.ofVirtual().start(() -> commands(client, upstream));
        Thread.ofVirtual().start(() -> replies(upstream, client));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void commands(Socket client, Socket upstream) {
    try (client;
        upstream) {
      var in = new DataInputStream(client.getInputStream());
      OutputStream out = upstream.getOutputStream();
      byte[] header = new byte[HEADER_SIZE];
      boolean used = false;
      while (true) {
        in.readFully(header);
        int additional = (header[4] & 0xff) * 4;
        int data = (header[5] & 0xff) << 16 | (header[6] & 0xff) << 8 | (header[7] & 0xff);
        byte[] rest = in.readNBytes(additional + ((data + 3) & ~3));
        boolean last = false;
        if ((header[0] & 0x3f) == SCSI_COMMAND) {
          last = !passes(header, !used);
          used = true;
        }
        if (last) {
          client.close(); // before the target has it: a fast one's answer would get through
        }
        out.write(header);
        out.write(rest);
        out.flush();
        if (last) {
          return;
        }
      }
    } catch (IOException e) {
      // One of the two has gone.
    }
  }

  private synchronized boolean passes(byte[] header, boolean first) {
    connections += first ? 1 : 0;
    int operation = header[32] & 0xff;
    counts.merge(operation, 1, Integer::sum);
    if (operation == WRITE_16 && (header[33] & FUA) != 0) {
      through++;
    }
    return untilCut < 0 || --untilCut >= 0;
  }

  private static void replies(Socket upstream, Socket client) {
    try (upstream;
        client) {
      upstream.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // One of the two has gone.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    synchronized (this) {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
