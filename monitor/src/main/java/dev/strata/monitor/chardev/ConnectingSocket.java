// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.InheritedSocket;
import dev.strata.block.posix.Posix;
import dev.strata.block.posix.UnixConnection;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A socket that leads to somebody who listens; perhaps again and again. */
final class ConnectingSocket extends SocketDevice {
  private final String id;
  private final SocketAddress address;
  private final long reconnectSeconds; // 0: once only
  private final Consumer<String> notes;
  private volatile @Nullable Peer first; // without a service yet
  private boolean attempted; // the device's thread alone
  private boolean told; // of a failure since the last success; the device's thread alone

  private ConnectingSocket(
      String id,
      SocketAddress address,
      boolean nodelay,
      long reconnectSeconds,
      Consumer<String> notes) {
    super(nodelay);
    this.id = id;
    this.address = address;
    this.reconnectSeconds = reconnectSeconds;
    this.notes = notes;
  }

  /**
   * A connection.
   *
   * @param reconnectSeconds how long to wait before it is made again; 0 if it is made now, and once
   * @param notes takes a line for the user
   */
  static ConnectingSocket open(
      String id,
      SocketAddress address,
      boolean nodelay,
      long reconnectSeconds,
      Consumer<String> notes)
      throws BlockException {
    var device = new ConnectingSocket(id, address, nodelay, reconnectSeconds, notes);
    if (reconnectSeconds == 0) {
      device.first = device.connect();
      device.client(device.first);
    }
    return device;
  }

  private Peer connect() throws BlockException {
    return switch (address) {
      case SocketAddress.Unix(String path) -> {
        try {
          yield Posix.isAvailable()
              ? new UnixPeer(UnixConnection.connect(path))
              : new Peer.OfChannel(SocketChannel.open(UnixDomainSocketAddress.of(path)));
        } catch (BlockException e) {
          throw e.during("Failed to connect to '" + path + "'");
        } catch (IOException e) {
          throw failed("'" + path + "'", e);
        }
      }
      case SocketAddress.Inet inet -> {
        var resolved = inet.resolve();
        try {
          yield new Peer.OfChannel(SocketChannel.open(resolved));
        } catch (IOException e) {
          throw failed("'" + inet.host() + ":" + inet.port() + "'", e);
        }
      }
      case SocketAddress.Inherited(int number) -> {
        UnixConnection unix = Posix.isAvailable() ? UnixConnection.inherited(number) : null;
        if (unix != null) {
          yield new UnixPeer(unix);
        }
        if (InheritedSocket.open(number) instanceof SocketChannel channel) {
          yield new Peer.OfChannel(channel);
        }
        throw new BlockException(Errno.EINVAL, "File descriptor '" + number + "' is not a socket");
      }
    };
  }

  private static BlockException failed(String where, IOException e) {
    return BlockException.of(Errno.inMessage(e.getMessage()), "Failed to connect to " + where)
        .causedBy(e);
  }

  @Override
  String address() {
    return address.toString();
  }

  @Override
  @Nullable Peer next() {
    Peer there = first;
    first = null;
    if (there != null || reconnectSeconds == 0) {
      return there;
    }
    while (!isClosed()) {
      if (attempted && !await()) {
        return null;
      }
      attempted = true;
      try {
        there = connect();
        told = false;
        return there;
      } catch (BlockException e) {
        if (!told) {
          notes.accept("Unable to connect character device " + id + ": " + e.getMessage());
        }
        told = true;
      }
    }
    return null;
  }

  private boolean await() {
    try {
      TimeUnit.SECONDS.sleep(reconnectSeconds);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    closed();
    hangUp(first); // who is being served is told the end first
  }
}
