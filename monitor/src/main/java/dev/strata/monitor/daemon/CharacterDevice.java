// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A way for a client to come, one at a time: the standard streams, or a Unix socket that listens or
 * is connected to.
 *
 * @see "QEMU qapi/char.json, ChardevBackend"
 */
final class CharacterDevice implements AutoCloseable {
  private static final int UNIX_PATH = 108;
  private static final long PAUSE_MILLIS = 100;

  /** What is done with a client, until it goes. */
  interface Service {
    void serve(InputStream in, OutputStream out);
  }

  private final String id;
  private final @Nullable Path path;
  private final @Nullable ServerSocketChannel listener;
  private final @Nullable SocketChannel first; // who came while the device was made

  private CharacterDevice(
      String id,
      @Nullable Path path,
      @Nullable ServerSocketChannel listener,
      @Nullable SocketChannel first) {
    this.id = id;
    this.path = path;
    this.listener = listener;
    this.first = first;
  }

  /**
   * The device that {@code argument} describes.
   *
   * @param notes takes a line for the user
   */
  static CharacterDevice open(String argument, Consumer<String> notes) throws BlockException {
    BlockOptions options = OptionString.parse(argument, "backend", notes);
    String id = options.takeString("id");
    if (id != null && !OptionString.isIdentifier(id)) {
      throw invalid("Parameter 'id' expects an identifier")
          .withHint(
              "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.");
    }
    String backend = options.takeString("backend");
    if (backend == null) {
      throw invalid("chardev: \"" + (id == null ? "" : id) + "\" missing backend");
    }
    if (id == null) {
      throw invalid("chardev: no id specified");
    }
    CharacterDevice device =
        switch (backend) {
          case "stdio" -> new CharacterDevice(id, null, null, null);
          case "socket" -> socket(id, options, notes);
          default -> throw invalid("'" + backend + "' is not a valid char driver name");
        };
    for (String name : options.names()) {
      device.close();
      throw invalid("Invalid parameter '" + name + "'");
    }
    return device;
  }

  private static CharacterDevice socket(String id, BlockOptions options, Consumer<String> notes)
      throws BlockException {
    String text = options.takeString("path");
    if (text == null) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "chardev: socket: Strata takes a Unix socket by its path only");
    }
    boolean server = isOn(options, "server", false);
    boolean waits = isOn(options, "wait", server);
    if (text.length() >= UNIX_PATH) {
      throw invalid("UNIX socket path '" + text + "' is too long")
          .withHint("Path must be less than " + UNIX_PATH + " bytes");
    }
    Path path = Path.of(text);
    if (!server) {
      try {
        return new CharacterDevice(
            id, null, null, SocketChannel.open(UnixDomainSocketAddress.of(path)));
      } catch (IOException e) {
        throw BlockException.of(reason(e), "Failed to connect to '" + text + "'").causedBy(e);
      }
    }
    ServerSocketChannel channel = null;
    try {
      if (isSocket(path)) {
        Files.delete(path);
      }
      channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.bind(UnixDomainSocketAddress.of(path));
      SocketChannel first = null;
      if (waits) {
        notes.accept(
            "info: QEMU waiting for connection on: disconnected:unix:" + text + ",server=on");
        first = channel.accept();
      }
      return new CharacterDevice(id, path, channel, first);
    } catch (IOException e) {
      hangUp(channel);
      throw BlockException.of(reason(e), "Failed to bind socket to " + text).causedBy(e);
    }
  }

  private static boolean isOn(BlockOptions options, String name, boolean otherwise)
      throws BlockException {
    Boolean value = options.takeBool(name);
    return value == null ? otherwise : value;
  }

  /** Nothing else is replaced: a disk image's name may have come here by mistake. */
  private static boolean isSocket(Path place) throws IOException {
    return Files.exists(place, LinkOption.NOFOLLOW_LINKS)
        && Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isOther();
  }

  /** What the system said, which the JDK keeps in words only. */
  private static Errno reason(IOException e) {
    String text = String.valueOf(e.getMessage());
    for (Errno errno : Errno.values()) {
      if (text.contains(errno.text())) {
        return errno;
      }
    }
    return Errno.EIO;
  }

  private static BlockException invalid(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** Its name. */
  String id() {
    return id;
  }

  /** Serves one client after the other, until the device is closed. */
  void serve(Service service) {
    if (path == null && first == null) {
      // Not closed at the end: the streams are the process's.
      service.serve(
          new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out));
      return;
    }
    if (first != null) {
      serve(first, service);
    }
    ServerSocketChannel server = listener;
    while (server != null && server.isOpen()) {
      try {
        serve(server.accept(), service);
      } catch (IOException e) {
        await(); // closed, or no descriptors
      }
    }
  }

  private static void serve(SocketChannel client, Service service) {
    service.serve(Channels.newInputStream(client), Channels.newOutputStream(client));
    hangUp(client);
  }

  /** Until somebody may have given a descriptor back. */
  private static void await() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void hangUp(@Nullable Channel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // It is closed all the same.
      }
    }
  }

  /** Lets nobody come any more, and removes the socket. */
  @Override
  public void close() throws BlockException {
    hangUp(listener);
    if (path != null) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        throw new BlockException(Errno.EIO, "Could not remove '" + path + "'").causedBy(e);
      }
    }
  }
}
