// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.ThreadEnd;
import dev.strata.block.posix.UnixConnection;
import dev.strata.block.posix.UnixListener;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A disk on a socket, for one client after the other. Others wait meanwhile. */
public final class VhostUserServer {
  private static final long PAUSE_MILLIS = 100;

  private final VhostDisk disk;
  private final UnixListener listener;
  private final Consumer<String> notes;
  private final Thread thread;
  private @Nullable UnixConnection client; // guarded by this
  private boolean ended; // guarded by this

  private VhostUserServer(VhostDisk disk, UnixListener listener, Consumer<String> notes) {
    this.disk = disk;
    this.listener = listener;
    this.notes = notes;
    this.thread = Thread.ofPlatform().daemon().name("vhost " + disk.id()).unstarted(this::serve);
  }

  /**
   * Starts serving.
   *
   * @param listener from now on the server's
   * @param notes takes a line for the user, on any thread
   */
  public static VhostUserServer start(
      VhostDisk disk, UnixListener listener, Consumer<String> notes) {
    var server = new VhostUserServer(disk, listener, notes);
    server.thread.start();
    return server;
  }

  /** What is served. */
  public VhostDisk disk() {
    return disk;
  }

  private void serve() {
    while (!hasEnded()) {
      try (UnixConnection connection = listener.accept()) {
        if (connection != null && enter(connection)) {
          try {
            new FrontEnd(disk, connection).run();
          } finally {
            leave();
          }
        }
      } catch (BlockException e) {
        note(String.valueOf(e.getMessage()));
      } catch (InternalError e) {
        note("the client's memory is gone");
      } catch (OutOfMemoryError e) {
        note("out of memory");
      }
    }
  }

  private void note(String why) {
    notes.accept("vhost-user-blk export '" + disk.id() + "': " + why);
    pause();
  }

  /**
   * Who comes again and again with nonsense does not fill a log; nor does a lack of descriptors.
   */
  private void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean hasEnded() {
    return ended;
  }

  private synchronized boolean enter(UnixConnection connection) {
    if (ended) {
      return false;
    }
    client = connection;
    return true;
  }

  private synchronized void leave() {
    client = null;
  }

  /** Sends the client away, lets no more come, and waits until all requests are done. */
  public void end() throws BlockException {
    synchronized (this) {
      ended = true;
      if (client != null) {
        client.hangUp();
      }
    }
    listener.wake();
    ThreadEnd.await(thread);
    listener.close();
  }
}
