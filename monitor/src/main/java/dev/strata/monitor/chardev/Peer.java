// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.posix.InheritedSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** Somebody at the other end of a socket. */
sealed interface Peer permits Peer.OfChannel, UnixPeer {
  /** What the peer sends; one thread reads. */
  InputStream input();

  /** What is sent to the peer; one thread writes. */
  OutputStream output();

  /** The JDK's channel, if the socket is one; null if it is one of Linux alone. */
  @Nullable SocketChannel channel();

  /** Ends the conversation and frees the socket; nobody reads or writes any more. */
  void close();

  /** A peer by a channel of the JDK. */
  record OfChannel(SocketChannel channel) implements Peer {
    @Override
    public InputStream input() {
      return Channels.newInputStream(channel);
    }

    @Override
    public OutputStream output() {
      return Channels.newOutputStream(channel);
    }

    @Override
    public void close() {
      try {
        InheritedSocket.close(channel);
      } catch (IOException e) {
        // It is closed all the same.
      }
    }
  }
}
