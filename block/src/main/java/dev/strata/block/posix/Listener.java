// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.PortNumber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A socket on which clients arrive.
 *
 * @param channel in blocking mode
 * @param path of a Unix socket that goes with the listener, or null
 */
public record Listener(ServerSocketChannel channel, @Nullable Path path) implements AutoCloseable {
  /** What Linux lets wait at most, if nobody has set it higher. */
  private static final int BACKLOG = 4096;

  private static final int UNIX_PATH = 108;

  /**
   * A Unix socket; one that is left over at the path is replaced.
   *
   * @param path absolute
   * @param backlog how many clients may wait for being accepted; 0 for as many as can
   */
  public static Listener unix(String path, int backlog) throws BlockException {
    checkPath(path);
    ServerSocketChannel channel = null;
    try {
      Path place = Path.of(path);
      removeSocket(place);
      channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.bind(UnixDomainSocketAddress.of(place), backlog == 0 ? BACKLOG : backlog);
      return new Listener(channel, place);
    } catch (IOException e) {
      close(channel);
      throw BlockException.of(reason(e), "Failed to bind socket to " + path).causedBy(e);
    }
  }

  /**
   * A TCP socket.
   *
   * @param host a name or an address
   * @param port a number as the user wrote it; 0 lets the system choose
   * @param backlog as for {@link #unix}
   */
  public static Listener tcp(String host, String port, int backlog) throws BlockException {
    int number = PortNumber.parse(host, port);
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new BlockException(
              Errno.EINVAL,
              "address resolution failed for " + host + ":" + port + ": Name or service not known")
          .causedBy(e);
    }
    return tcp(new InetSocketAddress(address, number), number, backlog);
  }

  /**
   * A TCP socket at the first port that is free.
   *
   * @param last the last port that will do
   * @param backlog as for {@link #unix}
   */
  public static Listener tcp(InetSocketAddress first, int last, int backlog) throws BlockException {
    for (int port = first.getPort(); ; port++) {
      ServerSocketChannel channel = null;
      try {
        channel = ServerSocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(
            new InetSocketAddress(first.getAddress(), port), backlog == 0 ? BACKLOG : backlog);
        return new Listener(channel, null);
      } catch (IOException e) {
        close(channel);
        Errno reason = reason(e);
        if (reason != Errno.EADDRINUSE) {
          throw BlockException.of(reason, "Failed to bind socket").causedBy(e);
        }
        if (port >= last) {
          throw BlockException.of(reason, "Failed to find an available port").causedBy(e);
        }
      }
    }
  }

  /** Fails for a path that is too long for a Unix socket. */
  static void checkPath(String path) throws BlockException {
    if (path.length() >= UNIX_PATH) {
      throw new BlockException(Errno.EINVAL, "UNIX socket path '" + path + "' is too long")
          .withHint("Path must be less than " + UNIX_PATH + " bytes");
    }
  }

  /** Makes room for a socket. */
  static void removeSocket(Path place) throws IOException {
    if (isSocket(place)) {
      Files.delete(place);
    }
  }

  /** Nothing else is replaced: a disk image's name may have come here by mistake. */
  private static boolean isSocket(Path place) throws IOException {
    return Files.exists(place, LinkOption.NOFOLLOW_LINKS)
        && Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isOther();
  }

  static Errno reason(IOException e) {
    Errno told = Errno.inMessage(e.getMessage());
    return told == Errno.EIO && e instanceof AccessDeniedException ? Errno.EACCES : told;
  }

  private static void close(@Nullable ServerSocketChannel channel) throws BlockException {
    if (channel != null) {
      try {
        InheritedSocket.close(channel);
      } catch (IOException e) {
        throw new BlockException(Errno.EIO, "Could not close a socket").causedBy(e);
      }
    }
  }

  /** Lets no more clients arrive, and removes the Unix socket. */
  @Override
  public void close() throws BlockException {
    close(channel);
    if (path != null) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        throw new BlockException(Errno.EIO, "Could not remove '" + path + "'").causedBy(e);
      }
    }
  }
}
