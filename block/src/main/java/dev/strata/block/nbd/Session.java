// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.nbd.protocol.TransmissionFlags;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The connections to an export: at least one as long as the server can be reached, more if it
 * allows them and many requests are in flight.
 */
final class Session implements AutoCloseable {
  /** How many connections are made where the server says that a flush on one covers all. */
  static final int MAX_CONNECTIONS = 4;

  /**
   * How many requests have to wait on each connection before there is one more: as many as QEMU's
   * server takes from one at a time. Of fewer, several connections carry no more than one.
   */
  private static final int CROWDED = 16;

  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 4000;

  /** For a further connection, without which requests go on: a server may leave it in its queue. */
  private static final long EXTRA_TIMEOUT_MILLIS = 5000;

  private final NbdSettings settings;
  private final NegotiatedExport export;

  private volatile NbdConnection[] usable; // replaced under this
  private boolean connecting; // guarded by this
  private boolean refusesMore; // guarded by this
  private boolean closed; // guarded by this
  private boolean ended; // for good, as the server broke the rules; guarded by this
  private long lostNanos; // when the last connection was lost; guarded by this

  private Session(NbdSettings settings, NbdConnection first) {
    this.settings = settings;
    this.export = first.export();
    this.usable = new NbdConnection[] {first};
  }

  /** Connects, for as long as the settings say that it shall be tried. */
  static Session open(NbdSettings settings) throws BlockException {
    long seconds = settings.openTimeoutSeconds();
    if (seconds == 0) {
      return new Session(settings, connect(settings, 0));
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      long left = Math.max(1, millisUntil(end));
      try {
        return new Session(settings, connect(settings, left));
      } catch (BlockException e) {
        left = millisUntil(end);
        if (left <= 0) {
          throw e;
        }
        sleep(Math.min(pause, left));
        pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
      }
    }
  }

  /** Rounded up: what is left of a millisecond is still left. Not positive if it is over. */
  private static long millisUntil(long endNanos) {
    return Math.ceilDiv(endNanos - System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(1));
  }

  private static void sleep(long millis) throws BlockException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw BlockException.of(Errno.EINTR).causedBy(e);
    }
  }

  /**
   * One attempt.
   *
   * @param timeoutMillis for connecting and for the handshake; 0 for none
   */
  private static NbdConnection connect(NbdSettings settings, long timeoutMillis)
      throws BlockException {
    PeerSocket channel =
        settings.server().connect((int) Math.min(timeoutMillis, Integer.MAX_VALUE));
    Thread guard = timeoutMillis == 0 ? null : guard(channel, timeoutMillis);
    boolean done = false;
    try {
      var connection = new NbdConnection(channel, Handshake.run(channel, settings));
      done = true;
      return connection;
    } finally {
      if (guard != null) {
        guard.interrupt();
      }
      if (!done) {
        closeQuietly(channel);
      }
    }
  }

  /** A thread that ends a handshake which takes too long. */
  private static Thread guard(PeerSocket channel, long timeoutMillis) {
    return Thread.ofPlatform()
        .name("nbd-handshake-limit")
        .daemon()
        .start(() -> {
          try {
            Thread.sleep(timeoutMillis);
            closeQuietly(channel);
          } catch (InterruptedException e) {
            // The handshake has come to its end.
          }
        });
  }

  private static void closeQuietly(PeerSocket channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nobody has used it.
    }
  }

  /** What the first connection's handshake led to; the later ones' is as good. */
  NegotiatedExport export() {
    return export;
  }

  /** Carries a request out, on other connections if the first is lost; returns it as it ended. */
  NbdRequest execute(NbdRequest request) throws BlockException {
    NbdRequest attempt = request;
    while (true) {
      NbdConnection connection = connection();
      connection.execute(attempt);
      if (!connection.isUsable()) {
        lost(connection);
      }
      boolean again = attempt.isLost() && settings.reconnectDelaySeconds() > 0;
      if (!again || connection.isViolated()) {
        break;
      }
      attempt = attempt.again();
    }
    BlockException failure = attempt.failure();
    if (failure != null) {
      throw failure;
    }
    return attempt;
  }

  private NbdConnection connection() throws BlockException {
    NbdConnection[] all = usable;
    if (all.length == 0) {
      return reconnected();
    }
    NbdConnection best = all[0];
    for (int i = 1; i < all.length; i++) {
      if (all[i].inFlight() < best.inFlight()) {
        best = all[i];
      }
    }
    if (best.inFlight() >= CROWDED
        && all.length < MAX_CONNECTIONS
        && export.has(TransmissionFlags.CAN_MULTI_CONN)) {
      connectMore();
    }
    return best;
  }

  private synchronized void lost(NbdConnection connection) {
    ended |= connection.isViolated();
    List<NbdConnection> rest = new ArrayList<>();
    for (NbdConnection each : usable) {
      if (each != connection) {
        rest.add(each);
      }
    }
    if (rest.size() != usable.length) {
      usable = rest.toArray(NbdConnection[]::new);
      lostNanos = System.nanoTime();
    }
    if (ended) {
      usable = new NbdConnection[0];
      for (NbdConnection each : rest) {
        each.close();
      }
    }
  }

  /**
   * A connection again. While it is not yet too long since the last was lost, the caller waits for
   * it; from then on the caller is told at once that there is none, and it is made meanwhile.
   */
  private synchronized NbdConnection reconnected() throws BlockException {
    long delay = TimeUnit.SECONDS.toNanos(settings.reconnectDelaySeconds());
    while (usable.length == 0) {
      if (ended || closed) {
        throw BlockException.of(Errno.EIO);
      }
      if (!connecting) {
        connecting = true;
        start("nbd-reconnect", this::reconnect);
      }
      long left = lostNanos + delay - System.nanoTime();
      if (left <= 0) {
        throw BlockException.of(Errno.EIO);
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw BlockException.of(Errno.EIO).causedBy(e);
      }
    }
    return usable[0];
  }

  private static void start(String name, Runnable work) {
    Thread.ofPlatform().name(name).daemon().start(work);
  }

  /** Tries until it succeeds, the export is another one, or nobody wants it any more. */
  private void reconnect() {
    long pause = FIRST_PAUSE_MILLIS;
    try {
      while (wantsConnection()) {
        try {
          if (!add(connect(settings, EXTRA_TIMEOUT_MILLIS))) {
            return;
          }
        } catch (BlockException e) {
          Thread.sleep(pause);
          pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      // Nobody interrupts this thread but to end the program.
    } finally {
      synchronized (this) {
        connecting = false;
        notifyAll();
      }
    }
  }

  private synchronized boolean wantsConnection() {
    return usable.length == 0 && !ended && !closed;
  }

  private void connectMore() {
    synchronized (this) {
      if (connecting || refusesMore || closed || usable.length >= MAX_CONNECTIONS) {
        return;
      }
      connecting = true;
    }
    start(
        "nbd-connect",
        () -> {
          boolean added = false;
          try {
            added = add(connect(settings, EXTRA_TIMEOUT_MILLIS));
          } catch (BlockException e) {
            // There is one that works, which will have to do.
          } finally {
            synchronized (this) {
              refusesMore |= !added;
              connecting = false;
              notifyAll();
            }
          }
        });
  }

  /** Takes the connection into use; false if it cannot be, and has been closed. */
  private synchronized boolean add(NbdConnection connection) {
    boolean fits = connection.export().isAsGoodAs(export);
    if (closed || ended || !fits) {
      ended |= usable.length == 0 && !fits; // what is there now is not what was opened
      connection.close();
      notifyAll();
      return false;
    }
    var all = new ArrayList<>(List.of(usable));
    all.add(connection);
    usable = all.toArray(NbdConnection[]::new);
    notifyAll();
    return true;
  }

  /** Ends all connections; nothing is in flight. */
  @Override
  public synchronized void close() {
    closed = true;
    for (NbdConnection connection : usable) {
      connection.close();
    }
    usable = new NbdConnection[0];
    notifyAll();
  }
}
