// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A device by which clients come one at a time, over a socket. */
abstract sealed class SocketDevice implements CharacterDevice
    permits ConnectingSocket, ListeningSocket {
  private volatile @Nullable Peer client;
  private volatile boolean closed;
  private final boolean nodelay;

  /**
   * A device.
   *
   * @param nodelay whether what is sent by TCP is never held back to be sent with more
   */
  SocketDevice(boolean nodelay) {
    this.nodelay = nodelay;
  }

  /** The next client, or null if none comes any more; called on the device's thread. */
  abstract @Nullable Peer next();

  /** Where clients come from, while there is none. */
  abstract String address();

  @Override
  public final String kind() {
    return "socket";
  }

  /** Whether nobody is to come any more. */
  final boolean isClosed() {
    return closed;
  }

  @Override
  public final boolean hasClient() {
    return client != null;
  }

  @Override
  public final void attach(Service service) {
    Thread.ofPlatform().daemon().name("chardev").start(() -> serve(service));
  }

  private void serve(Service service) {
    for (Peer each = next(); each != null; each = next()) {
      client = each;
      prepare(each);
      service.serve(each.input(), each.output());
      client = null;
      hangUp(each);
    }
  }

  private void prepare(Peer each) {
    SocketChannel channel = each.channel();
    try {
      if (nodelay && channel != null && channel.getLocalAddress() instanceof InetSocketAddress) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
    } catch (IOException e) {
      // It has just gone, as whoever serves it will see.
    }
  }

  /** Somebody who is there before the device has a service. */
  final void client(@Nullable Peer peer) {
    client = peer;
  }

  @Override
  public final String filename() {
    Peer there = client;
    String named = there == null ? null : name(there);
    return named == null ? "disconnected:" + address() : named;
  }

  private @Nullable String name(Peer peer) {
    SocketChannel there = peer.channel();
    try {
      if (there != null
          && there.getLocalAddress() instanceof InetSocketAddress local
          && there.getRemoteAddress() instanceof InetSocketAddress far) {
        return "tcp:" + text(local) + ending() + " <-> " + text(far);
      }
      return address();
    } catch (IOException e) {
      return null; // it has just gone
    }
  }

  private String ending() {
    return this instanceof ListeningSocket ? ",server=on" : "";
  }

  private static String text(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    String digits = host.getHostAddress();
    return (host instanceof Inet6Address ? "[" + digits + "]" : digits) + ":" + address.getPort();
  }

  /** Called once the device takes nobody any more. */
  final void closed() {
    closed = true;
  }

  static void hangUp(@Nullable Peer peer) {
    if (peer != null) {
      peer.close();
    }
  }
}
