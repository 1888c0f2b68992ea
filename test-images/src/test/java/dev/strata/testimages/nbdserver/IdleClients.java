// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that begin and do not get on: some say nothing, some say a byte now and then. Whom the
 * server sends away comes again.
 */
final class IdleClients implements Runnable {
  private static final int PAUSE_MILLIS = 50;
  private static final int ARRIVALS =
      25; // in a round: a crowd at the gate is a queue for everybody

  /** Flags, then an option that is as long as one may be, and never ends. */
  private static final ByteBuffer DRIBBLE =
      ByteBuffer.allocate(64).putInt(3).putLong(0x49484156454F5054L).putInt(3).putInt(1 << 20);

  private final Path socket;
  private final RawClient[] clients;
  private final boolean speak;
  private final int[] said;
  private final AtomicInteger present = new AtomicInteger();
  private volatile boolean ended;

  /**
   * Nobody yet.
   *
   * @param speak whether each says a byte from time to time
   */
  IdleClients(Path socket, int count, boolean speak) {
    this.socket = socket;
    this.clients = new RawClient[count];
    this.said = new int[count];
    this.speak = speak;
  }

  /** How many are connected. */
  int present() {
    return present.get();
  }

  void end() {
    ended = true;
  }

  @Override
  public void run() {
    var greeting = ByteBuffer.allocate(64);
    try {
      while (!ended) {
        int arrivals = 0;
        for (int i = 0; i < clients.length && !ended; i++) {
          if (clients[i] == null) {
            if (arrivals++ < ARRIVALS) {
              come(i);
            }
          } else if (!stays(i, greeting.clear())) {
            go(i);
          }
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      for (int i = 0; i < clients.length; i++) {
        go(i);
      }
    }
  }

  private void come(int i) {
    try {
      RawClient client = RawClient.silent(socket);
      client.channel().configureBlocking(false);
      clients[i] = client;
      said[i] = 0;
      present.incrementAndGet();
    } catch (IOException e) {
      // The server's queue is full: in the next round.
    }
  }

  /** Says its byte; false if the server has hung up. */
  private boolean stays(int i, ByteBuffer greeting) {
    try {
      if (clients[i].channel().read(greeting) < 0) {
        return false;
      }
      if (speak) {
        int at = Math.min(said[i]++, DRIBBLE.capacity() - 1);
        clients[i].channel().write(DRIBBLE.slice(at, 1));
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void go(int i) {
    if (clients[i] != null) {
      try {
        clients[i].close();
      } catch (IOException e) {
        // It has no more to say.
      }
      clients[i] = null;
      present.decrementAndGet();
    }
  }
}
