// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.posix.Listener;
import dev.strata.block.posix.UnixConnection;
import dev.strata.block.posix.UnixListener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where peers come in. One thread takes them; any may close it. */
sealed interface Door {
  /** The next peer; null when it is closed. */
  @Nullable Peer accept() throws IOException;

  /** Lets nobody in any more, and removes what stands for it in the file system. */
  void close() throws BlockException;

  /** A listening socket of the JDK's. */
  record OfChannel(Listener listener) implements Door {
    @Override
    public @Nullable Peer accept() throws IOException {
      return listener.channel().isOpen() ? new Peer.OfChannel(listener.channel().accept()) : null;
    }

    @Override
    public void close() throws BlockException {
      listener.close();
    }
  }

  /** A Unix socket by which descriptors can come. */
  final class Unix implements Door {
    private final UnixListener listener;
    private final Object accepting = new Object();
    private boolean closed; // guarded by accepting

    Unix(UnixListener listener) {
      this.listener = listener;
    }

    @Override
    public @Nullable Peer accept() throws IOException {
      synchronized (accepting) {
        UnixConnection next = closed ? null : listener.accept();
        return next == null ? null : new UnixPeer(next);
      }
    }

    @Override
    public void close() throws BlockException {
      listener.wake(); // who waits for a peer holds the lock
      synchronized (accepting) {
        closed = true;
        listener.close();
      }
    }
  }
}
