// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ThreadEnd;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.object.Authorization;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.posix.Listener;
import dev.strata.block.tls.PeerSocket;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.TlsEndpoint;
import dev.strata.nbdserver.NbdServer;
import dev.strata.nbdserver.TlsAccess;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A server at work on a thread of its own, with exports that come and go. */
final class RunningServer {
  private final NbdServer server;
  private final boolean forMany;
  private final Thread thread;
  private volatile @Nullable BlockException failure;

  private RunningServer(NbdServer server, boolean forMany, Listener listener) {
    this.server = server;
    this.forMany = forMany;
    this.thread = Thread.ofPlatform().daemon().name("nbd-server").unstarted(() -> run(listener));
  }

  /** Starts a server as {@code nbd-server-start} asks for it. */
  static RunningServer start(ObjectRegistry objects, JsonObject arguments) throws BlockException {
    int most = 0;
    if (arguments.get("max-connections") instanceof JsonNumber given) {
      most = (int) Math.min(given.bits(), Integer.MAX_VALUE);
    }
    TlsAccess tls = tlsAccess(objects, arguments);
    if (!(arguments.get("addr") instanceof JsonObject address)
        || !(address.get("data") instanceof JsonObject data)) {
      throw new IllegalArgumentException("the schema lets the address be left out");
    }
    Listener listener =
        switch (required(address, "type")) {
          case "unix" -> Listener.unix(required(data, "path"), 0);
          case "inet" -> {
            for (String name : data.keys()) {
              if (!name.equals("host") && !name.equals("port")) {
                throw new BlockException(
                    Errno.EOPNOTSUPP,
                    "Strata's NBD server takes host and port of a TCP address, not '" + name + "'");
              }
            }
            yield Listener.tcp(required(data, "host"), required(data, "port"), 0);
          }
          default ->
              throw new BlockException(
                  Errno.EOPNOTSUPP, "Strata's NBD server takes a Unix socket's path or TCP only");
        };
    var server = new NbdServer(List.of(), most, true, tls, note -> {});
    var running = new RunningServer(server, most != 1, listener);
    running.thread.start();
    return running;
  }

  private static @Nullable TlsAccess tlsAccess(ObjectRegistry objects, JsonObject arguments)
      throws BlockException {
    String credentials = arguments.string("tls-creds");
    String authorization = arguments.string("tls-authz");
    if (credentials == null) {
      if (authorization != null) {
        throw new BlockException(
            Errno.EINVAL, "Strata asks who a client is by TLS only: tls-authz needs tls-creds");
      }
      return null;
    }
    TlsCredentials tls = objects.credentials(credentials, TlsEndpoint.SERVER);
    PeerSocket.prepareServer(tls);
    if (authorization == null) {
      return new TlsAccess(tls, null);
    }
    Authorization allowed = objects.authorization(authorization);
    return new TlsAccess(tls, allowed::allows);
  }

  private void run(Listener listener) {
    try {
      server.run(listener);
    } catch (BlockException e) {
      failure = e;
    }
  }

  /** The server. */
  NbdServer server() {
    return server;
  }

  /** Whether more than one client may come at a time. */
  boolean isForMany() {
    return forMany;
  }

  /** Has it end, and waits for that. */
  void end() throws BlockException {
    server.end();
    ThreadEnd.await(thread);
    BlockException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }
}
