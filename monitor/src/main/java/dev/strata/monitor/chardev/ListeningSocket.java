// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.InheritedSocket;
import dev.strata.block.posix.Listener;
import dev.strata.block.posix.Posix;
import dev.strata.block.posix.UnixListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import org.jspecify.annotations.Nullable;

/** A socket that listens. While a client is there others wait. */
final class ListeningSocket extends SocketDevice {
  private static final long PAUSE_MILLIS = 100;

  private final Door door;
  private final String address;
  private volatile @Nullable Peer first; // who came before there was a service

  private ListeningSocket(Door door, String address, boolean nodelay) {
    super(nodelay);
    this.door = door;
    this.address = address + ",server=on";
  }

  /** One that nobody has come to yet. */
  static ListeningSocket open(SocketAddress address, boolean nodelay) throws BlockException {
    return switch (address) {
      case SocketAddress.Unix(String path) ->
          new ListeningSocket(unix(path), "unix:" + path, nodelay);
      case SocketAddress.Inet inet -> tcp(inet, nodelay);
      case SocketAddress.Inherited(int number) -> inherited(number, nodelay);
    };
  }

  private static Door unix(String path) throws BlockException {
    return Posix.isAvailable()
        ? new Door.Unix(UnixListener.bind(path))
        : new Door.OfChannel(Listener.unix(path, 0));
  }

  private static ListeningSocket tcp(SocketAddress.Inet wanted, boolean nodelay)
      throws BlockException {
    InetSocketAddress first = wanted.resolve();
    Listener listener = Listener.tcp(first, wanted.last(), 0);
    try {
      var bound = (InetSocketAddress) listener.channel().getLocalAddress();
      String host = first.getAddress().getHostAddress();
      String address = "tcp:" + host + ":" + bound.getPort();
      return new ListeningSocket(new Door.OfChannel(listener), address, nodelay);
    } catch (IOException e) {
      listener.close();
      throw BlockException.of(Errno.inMessage(e.getMessage()), "Failed to bind socket").causedBy(e);
    }
  }

  private static ListeningSocket inherited(int number, boolean nodelay) throws BlockException {
    if (InheritedSocket.open(number) instanceof ServerSocketChannel channel) {
      var door = new Door.OfChannel(new Listener(channel, null));
      return new ListeningSocket(door, "fd:" + number, nodelay);
    }
    throw new BlockException(Errno.EINVAL, "File descriptor '" + number + "' is not a socket");
  }

  /** Waits for somebody, who is then served first. */
  void waitForClient() throws BlockException {
    try {
      first = door.accept();
      client(first);
    } catch (IOException e) {
      throw BlockException.of(Errno.inMessage(e.getMessage()), "Unable to accept a client")
          .causedBy(e);
    }
  }

  @Override
  String address() {
    return address;
  }

  @Override
  @Nullable Peer next() {
    Peer waiting = first;
    first = null;
    while (waiting == null && !isClosed()) {
      try {
        waiting = door.accept();
      } catch (IOException e) {
        await(); // closed, or no descriptors
      }
    }
    return waiting;
  }

  /** Until somebody may have given a descriptor back. */
  private static void await() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws BlockException {
    closed();
    try {
      door.close();
    } finally {
      hangUp(first);
    }
  }
}
