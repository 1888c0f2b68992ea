// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.file.posix.InheritedSocket;
import dev.strata.block.file.posix.Listener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A socket that listens. While a client is there others wait. */
final class ListeningSocket extends SocketDevice {
  private static final long PAUSE_MILLIS = 100;

  private final Listener listener;
  private final String address;
  private volatile @Nullable SocketChannel first; // who came before there was a service

  private ListeningSocket(Listener listener, String address, boolean nodelay) {
    super(nodelay);
    this.listener = listener;
    this.address = address + ",server=on";
  }

  /** One that nobody has come to yet. */
  static ListeningSocket open(SocketAddress address, boolean nodelay) throws BlockException {
    return switch (address) {
      case SocketAddress.Unix(String path) ->
          new ListeningSocket(Listener.unix(path, 0), "unix:" + path, nodelay);
      case SocketAddress.Inet inet -> tcp(inet, nodelay);
      case SocketAddress.Inherited(int number) -> inherited(number, nodelay);
    };
  }

  private static ListeningSocket tcp(SocketAddress.Inet wanted, boolean nodelay)
      throws BlockException {
    InetSocketAddress first = wanted.resolve();
    Listener listener = Listener.tcp(first, wanted.last(), 0);
    try {
      var bound = (InetSocketAddress) listener.channel().getLocalAddress();
      String host = first.getAddress().getHostAddress();
      return new ListeningSocket(listener, "tcp:" + host + ":" + bound.getPort(), nodelay);
    } catch (IOException e) {
      listener.close();
      throw BlockException.of(Errno.inMessage(e.getMessage()), "Failed to bind socket").causedBy(e);
    }
  }

  private static ListeningSocket inherited(int number, boolean nodelay) throws BlockException {
    if (InheritedSocket.open(number) instanceof ServerSocketChannel channel) {
      return new ListeningSocket(new Listener(channel, null), "fd:" + number, nodelay);
    }
    throw new BlockException(Errno.EINVAL, "File descriptor '" + number + "' is not a socket");
  }

  /** Waits for somebody, who is then served first. */
  void waitForClient() throws BlockException {
    try {
      first = listener.channel().accept();
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
  @Nullable SocketChannel next() {
    SocketChannel waiting = first;
    first = null;
    while (waiting == null && listener.channel().isOpen()) {
      try {
        waiting = listener.channel().accept();
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
      listener.close();
    } finally {
      hangUp(first);
    }
  }
}
