// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.Listener;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Accepts clients and serves exports to them until it is told to end, or the last client has left.
 */
public final class NbdServer {
  private static final long ACCEPT_PAUSE_MILLIS = 100;

  private final List<Export> exports; // changes under the lock, read by who negotiates
  private final int mostClients; // at a time
  private final boolean persistent;
  private final Shared ofAllClients = Shared.ofServer();

  private final @Nullable TlsAccess tls;
  private final Consumer<String> notes;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<Client> clients = new LinkedHashSet<>(); // guarded by lock
  private final Map<String, Traffic> departed = new LinkedHashMap<>(); // guarded by lock
  private long arrivals; // guarded by lock
  private int negotiating; // guarded by lock
  private boolean ending; // guarded by lock
  private boolean watching; // whether somebody looks after those that negotiate; guarded by lock

  /** A client and how far it is. */
  private static final class Client {
    final SocketChannel channel;
    final PeerSocket peer;
    final long deadlineNanos;
    final Traffic traffic = new Traffic();
    long number; // guarded by the server's lock
    String export = ""; // guarded by the server's lock
    boolean negotiated; // guarded by the server's lock

    Client(SocketChannel channel, long deadlineNanos) {
      this.channel = channel;
      this.peer = new PeerSocket(channel);
      this.deadlineNanos = deadlineNanos;
    }
  }

  /**
   * A server that nobody can reach yet.
   *
   * @param exports their disks stay the caller's, who closes them after {@link #run} has returned
   * @param shared how many clients may be connected at a time; 0 for many
   * @param persistent whether it goes on when the last client has left
   */
  public NbdServer(List<Export> exports, int shared, boolean persistent) {
    this(exports, shared, persistent, null, note -> {});
  }

  /**
   * The same, for clients that come by TLS.
   *
   * @param tls how they do, or null for clients that come as they are
   * @param notes takes a line for each client that may not come; by any thread
   */
  public NbdServer(
      List<Export> exports,
      int shared,
      boolean persistent,
      @Nullable TlsAccess tls,
      Consumer<String> notes) {
    this.exports = new CopyOnWriteArrayList<>(exports);
    this.tls = tls;
    this.notes = notes;
    for (Export export : exports) {
      departed.put(export.name(), new Traffic());
    }
    this.mostClients = shared == 0 ? ServerLimits.CLIENTS : shared;
    this.persistent = persistent;
  }

  /**
   * Serves; returns when the end has come and all requests that were taken are done.
   *
   * @param listener is closed
   */
  public void run(Listener listener) throws BlockException {
    try {
      Thread.ofPlatform().daemon().name("nbd-accept").start(() -> accept(listener));
      lock.lock();
      try {
        while (!ending) {
          changed.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    } finally {
      listener.close();
      dismiss();
    }
  }

  /**
   * Offers one more export.
   *
   * @throws BlockException if there is one of that name
   */
  public void add(Export export) throws BlockException {
    lock.lock();
    try {
      for (Export each : exports) {
        if (each.name().equals(export.name())) {
          throw new BlockException(
              Errno.EEXIST, "NBD server already has export named '" + export.name() + "'");
        }
      }
      departed.computeIfAbsent(export.name(), name -> new Traffic());
      exports.add(export);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Offers an export no longer. Its disk is free when this returns true: nobody uses it.
   *
   * @param byForce whether clients that are connected to it are hung up on
   * @return false if there are such, and they may stay
   */
  public boolean remove(Export export, boolean byForce) {
    lock.lock();
    try {
      if (!byForce && isUsed(export)) {
        return false;
      }
      exports.remove(export);
      while (isUsed(export)) {
        for (Client client : clients) {
          if (client.negotiated && client.export.equals(export.name())) {
            hangUp(client);
          }
        }
        changed.awaitUninterruptibly();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isUsed(Export export) {
    for (Client client : clients) {
      if (client.negotiated && client.export.equals(export.name())) {
        return true;
      }
    }
    return false;
  }

  /** What has been done so far. */
  public Traffic traffic() {
    var sum = new Traffic();
    trafficByExport().values().forEach(sum::add);
    return sum;
  }

  /** What has been done so far, by the export's name. */
  Map<String, Traffic> trafficByExport() {
    var sums = new LinkedHashMap<String, Traffic>();
    lock.lock();
    try {
      for (Map.Entry<String, Traffic> each : departed.entrySet()) {
        var sum = new Traffic();
        sum.add(each.getValue());
        for (Client client : clients) {
          if (client.negotiated && client.export.equals(each.getKey())) {
            sum.add(client.traffic);
          }
        }
        sums.put(each.getKey(), sum);
      }
    } finally {
      lock.unlock();
    }
    return sums;
  }

  /** What has been done for each client that is connected and has chosen its export. */
  List<ClientTraffic> clientTraffic() {
    var all = new ArrayList<ClientTraffic>();
    lock.lock();
    try {
      for (Client client : clients) {
        if (client.negotiated) {
          all.add(
              new ClientTraffic(
                  client.number, address(client.channel), client.export, client.traffic));
        }
      }
    } finally {
      lock.unlock();
    }
    return all;
  }

  private static String address(SocketChannel channel) {
    try {
      return channel.getRemoteAddress() instanceof InetSocketAddress internet
          ? internet.getAddress().getHostAddress()
          : "";
    } catch (IOException e) {
      return ""; // it has gone
    }
  }

  /** How many clients are connected now. */
  public int clientCount() {
    lock.lock();
    try {
      return clients.size();
    } finally {
      lock.unlock();
    }
  }

  /** Has {@link #run} end; may be called by any thread and again. */
  public void end() {
    lock.lock();
    try {
      ending = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // Arrivals

  private void accept(Listener listener) {
    while (awaitVacancy()) {
      SocketChannel channel;
      try {
        channel = listener.channel().accept();
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // No descriptors, or the client has gone already.
        pause();
        continue;
      }
      welcome(channel);
    }
  }

  /** Waits until there is room for a client; false if the server ends. */
  private boolean awaitVacancy() {
    lock.lock();
    try {
      while (!ending && clients.size() >= mostClients) {
        changed.awaitUninterruptibly();
      }
      return !ending;
    } finally {
      lock.unlock();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(ACCEPT_PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void welcome(SocketChannel channel) {
    var client = new Client(channel, System.nanoTime() + ServerLimits.HANDSHAKE_NANOS);
    boolean few;
    lock.lock();
    try {
      client.number = ++arrivals;
      clients.add(client);
      few = ++negotiating <= ServerLimits.PLATFORM_NEGOTIATIONS;
      if (!watching) {
        watching = true;
        Thread.ofPlatform().daemon().name("nbd-handshakes").start(this::watchHandshakes);
      }
    } finally {
      lock.unlock();
    }
    try {
      // Crowds get virtual threads, of which a thousand that say nothing cost little.
      (few ? Thread.ofPlatform().daemon().name("nbd-client") : Thread.ofVirtual())
          .start(() -> negotiate(client));
    } catch (OutOfMemoryError e) {
      farewell(client);
    }
  }

  private void negotiate(Client client) {
    boolean handedOver = false;
    try {
      if (client.channel.getLocalAddress() instanceof InetSocketAddress) {
        client.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        // One that vanished without a word is noticed in the end.
        client.channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      }
      Session session = new Negotiation(client.peer, exports, tls, ofAllClients).run();
      if (session == null || !negotiated(client, session)) {
        return;
      }
      if (Thread.currentThread().isVirtual()) {
        // File I/O would block the carrier of other clients.
        Thread.ofPlatform()
            .daemon()
            .name("nbd-client")
            .start(() -> {
              try {
                serve(client, session);
              } finally {
                farewell(client);
              }
            });
        handedOver = true;
      } else {
        serve(client, session);
      }
    } catch (BlockException e) {
      notes.accept("option negotiation failed: " + e.getMessage());
    } catch (IOException | OutOfMemoryError e) {
      // The client has gone, or there is no room for it: nobody is left to be told.
    } finally {
      if (!handedOver) {
        farewell(client);
      }
    }
  }

  /** Notes that a client has chosen its export; false if it was too slow. */
  private boolean negotiated(Client client, Session session) {
    lock.lock();
    try {
      // Too slow for the handshake's limit, or for an export that went meanwhile.
      if (!client.channel.isOpen() || !exports.contains(session.export())) {
        return false;
      }
      client.export = session.export().name();
      client.negotiated = true;
      negotiating--;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void serve(Client client, Session session) {
    try {
      new Connection(session, client.peer, ofAllClients, client.traffic).run();
    } catch (IOException | OutOfMemoryError e) {
      // As above.
    }
  }

  private void farewell(Client client) {
    hangUp(client);
    lock.lock();
    try {
      clients.remove(client);
      if (client.negotiated) {
        Traffic sum = departed.get(client.export);
        if (sum != null) {
          sum.add(client.traffic);
        }
      }
      if (!client.negotiated) {
        negotiating--;
      } else if (clients.isEmpty() && !persistent) {
        ending = true;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static void hangUp(Client client) {
    try {
      client.channel.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  /** Sends clients away that do not come to the point; ends when none negotiates. */
  private void watchHandshakes() {
    lock.lock();
    try {
      while (negotiating > 0) {
        long now = System.nanoTime();
        long next = Long.MAX_VALUE;
        for (Client client : clients) {
          if (!client.negotiated) {
            long left = client.deadlineNanos - now;
            if (left <= 0) {
              hangUp(client);
            } else {
              next = Math.min(next, left);
            }
          }
        }
        awaitQuietly(Math.min(next, ServerLimits.HANDSHAKE_NANOS));
      }
      watching = false;
    } finally {
      lock.unlock();
    }
  }

  private void awaitQuietly(long nanos) {
    try {
      changed.awaitNanos(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // The end

  /** Lets clients' last requests be answered, then hangs up. */
  private void dismiss() {
    lock.lock();
    try {
      ending = true;
      for (Client client : clients) {
        if (client.negotiated) {
          shutInput(client);
        } else {
          hangUp(client);
        }
      }
      long deadline = System.nanoTime() + ServerLimits.FAREWELL_NANOS;
      for (long left = ServerLimits.FAREWELL_NANOS;
          !clients.isEmpty() && left > 0;
          left = deadline - System.nanoTime()) {
        awaitQuietly(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
      }
      for (Client client : clients) {
        hangUp(client);
      }
      // What they do now is on its way to the disk, and nothing but the disk can delay it.
      while (!clients.isEmpty()) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private static void shutInput(Client client) {
    try {
      client.channel.shutdownInput();
    } catch (IOException e) {
      hangUp(client);
    }
  }
}
