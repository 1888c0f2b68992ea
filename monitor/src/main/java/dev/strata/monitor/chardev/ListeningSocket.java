// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.file.posix.InheritedSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** A socket that listens. While a client is there others wait. */
final class ListeningSocket extends SocketDevice {
  private static final long PAUSE_MILLIS = 100;

  private final ServerSocketChannel listener;
  private final String address;
  private final @Nullable Path path; // of a Unix socket, which goes with the device
  private volatile @Nullable SocketChannel first; // who came before there was a service

  private ListeningSocket(ServerSocketChannel listener, String address, @Nullable Path path) {
    this.listener = listener;
    this.address = address + ",server=on";
    this.path = path;
  }

  /** One that nobody has come to yet. */
  static ListeningSocket open(SocketAddress address) throws BlockException {
    return switch (address) {
      case SocketAddress.Unix(String path) -> unix(path);
      case SocketAddress.Inet inet -> tcp(inet);
      case SocketAddress.Inherited(int number) -> inherited(number);
    };
  }

  private static ListeningSocket unix(String text) throws BlockException {
    Path path = Path.of(text);
    ServerSocketChannel channel = null;
    try {
      if (isSocket(path)) {
        Files.delete(path);
      }
      channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.bind(UnixDomainSocketAddress.of(path));
      return new ListeningSocket(channel, "unix:" + text, path);
    } catch (IOException e) {
      hangUp(channel);
      throw BlockException.of(Errno.inMessage(e.getMessage()), "Failed to bind socket to " + text)
          .causedBy(e);
    }
  }

  /** Nothing else is replaced: a disk image's name may have come here by mistake. */
  private static boolean isSocket(Path place) throws IOException {
    return Files.exists(place, LinkOption.NOFOLLOW_LINKS)
        && Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isOther();
  }

  private static ListeningSocket tcp(SocketAddress.Inet wanted) throws BlockException {
    InetSocketAddress first = wanted.resolve();
    int last = Math.max(first.getPort(), wanted.last());
    BlockException failure = null;
    for (int port = first.getPort(); port <= last; port++) {
      ServerSocketChannel channel = null;
      try {
        channel = ServerSocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(new InetSocketAddress(first.getAddress(), port));
        var bound = (InetSocketAddress) channel.getLocalAddress();
        String host = first.getAddress().getHostAddress();
        return new ListeningSocket(channel, "tcp:" + host + ":" + bound.getPort(), null);
      } catch (IOException e) {
        hangUp(channel);
        Errno reason = Errno.inMessage(e.getMessage());
        if (reason != Errno.EADDRINUSE) {
          throw BlockException.of(reason, "Failed to bind socket").causedBy(e);
        }
        failure = BlockException.of(reason, "Failed to find an available port").causedBy(e);
      }
    }
    throw failure == null ? BlockException.of(Errno.EADDRNOTAVAIL) : failure;
  }

  private static ListeningSocket inherited(int number) throws BlockException {
    if (InheritedSocket.open(number) instanceof ServerSocketChannel channel) {
      return new ListeningSocket(channel, "fd:" + number, null);
    }
    throw new BlockException(Errno.EINVAL, "File descriptor '" + number + "' is not a socket");
  }

  /** Waits for somebody, who is then served first. */
  void waitForClient() throws BlockException {
    try {
      first = listener.accept();
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
    while (waiting == null && listener.isOpen()) {
      try {
        waiting = listener.accept();
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
    hangUp(listener);
    hangUp(first);
    if (path != null) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        throw new BlockException(Errno.EIO, "Could not remove '" + path + "'").causedBy(e);
      }
    }
  }
}
