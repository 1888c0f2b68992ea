// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import java.io.InputStream;
import java.io.OutputStream;

/** A stream of bytes to and from somebody. */
public sealed interface CharacterDevice extends AutoCloseable
    permits FileDevice, NullDevice, RingBuffer, SocketDevice, StandardDevice {
  /** What is done with a client, until it goes. */
  @FunctionalInterface
  interface Service {
    /** Talks with one client. */
    void serve(InputStream in, OutputStream out);
  }

  /** The word for what it is: {@code socket}. */
  String kind();

  /** Where it leads to and whether somebody is there, as {@code query-chardev} tells it. */
  String filename();

  /** Whether there is somebody to be served as soon as {@link #attach} is called. */
  boolean hasClient();

  /**
   * Has clients served from now on, one after the other, on a thread of the device's own. Called
   * once at most.
   *
   * @throws BlockException if no client can come by such a device
   */
  void attach(Service service) throws BlockException;

  /** Lets nobody come any more. Who is being served may still be told something. */
  @Override
  void close() throws BlockException;
}
