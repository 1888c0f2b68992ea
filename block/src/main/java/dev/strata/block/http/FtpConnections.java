// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections to a server. To begin a transfer takes many round trips: who reads on where
 * another reads waits for that one's connection, so that a file read from front to back is one
 * transfer, while reads elsewhere have connections of their own. Thread-safe.
 */
final class FtpConnections implements AutoCloseable {
  /** Servers admit few from one address. */
  private static final int MAX_LINES = 4;

  private final FtpServer server;
  private final List<Line> lines = new ArrayList<>(); // guarded by this, as what follows
  private int maxLines = MAX_LINES;
  private boolean closed;

  /** A connection, and the queue of those who read by it. */
  static final class Line {
    private @Nullable FtpConnection connection; // null until the first reader has connected
    private long end; // where the last reader in the queue will have left it
    private int tickets; // guarded by the connections, as what follows
    private int serving;
    private boolean gone;

    /** The reader's whose turn it is. */
    FtpConnection connection() throws IOException {
      FtpConnection there = connection;
      if (there == null) {
        throw new IOException("not connected");
      }
      return there;
    }

    private boolean isFree() {
      return serving == tickets;
    }
  }

  /** To that server; there are none yet. */
  FtpConnections(FtpServer server) {
    this.server = server;
  }

  /**
   * A connection that is the caller's until {@link #giveBack}, for a read of {@code length} bytes
   * from {@code offset} on.
   */
  Line take(long offset, long length) throws IOException {
    while (true) { // each round but the last one admits fewer connections
      Line line = queueUp(offset, length);
      if (line.connection != null) {
        return line;
      }
      boolean connected = false;
      try {
        attach(line, FtpConnection.open(server));
        connected = true;
        return line;
      } catch (IOException e) {
        if (!admitFewer()) {
          throw e;
        }
      } finally {
        if (!connected) {
          giveBack(line, false);
        }
      }
    }
  }

  private synchronized void attach(Line line, FtpConnection connection) throws BlockException {
    line.connection = connection;
    if (closed) {
      throw ended();
    }
  }

  /** Whether there are others that will do: a server may allow no more of them. */
  private synchronized boolean admitFewer() {
    if (closed || lines.size() < 2) {
      return false;
    }
    maxLines = lines.size() - 1;
    return true;
  }

  private synchronized Line queueUp(long offset, long length) throws BlockException {
    boolean interrupted = false;
    try {
      while (true) { // ends with the reads before it
        if (closed) {
          throw ended();
        }
        Line line = best(offset);
        if (line == null) {
          interrupted |= awaitChange();
          continue;
        }
        line.end = offset + length;
        int ticket = line.tickets++;
        while (line.serving != ticket && !line.gone) {
          interrupted |= awaitChange();
        }
        if (!line.gone) {
          return line;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt(); // a read is not abandoned half way
      }
    }
  }

  /** One that will be at {@code offset}, else a free one, else a new one; null for none. */
  private @Nullable Line best(long offset) {
    Line free = null;
    for (Line each : lines) {
      if (each.end == offset) {
        return each;
      }
      free = each.isFree() ? each : free;
    }
    if (free == null && lines.size() < maxLines) {
      free = new Line();
      lines.add(free);
    }
    return free;
  }

  private boolean awaitChange() {
    try {
      wait();
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  /**
   * Lets the next reader have the connection.
   *
   * @param sound whether it is of use to anybody
   */
  void giveBack(Line line, boolean sound) {
    synchronized (this) {
      line.serving++;
      if (!sound || closed) {
        line.gone = true;
        lines.remove(line);
      }
      notifyAll();
    }
    if (line.gone && line.connection != null) {
      line.connection.close();
    }
  }

  private static BlockException ended() {
    return new BlockException(Errno.EIO, "The connection is closed");
  }

  /** Breaks off what is under way. */
  @Override
  public void close() {
    List<Line> ending;
    synchronized (this) {
      closed = true;
      ending = List.copyOf(lines);
      notifyAll();
    }
    for (Line each : ending) {
      FtpConnection connection = each.connection;
      if (connection != null) {
        connection.close();
      }
    }
  }
}
