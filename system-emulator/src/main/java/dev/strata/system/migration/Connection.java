// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The way of a machine to another process. One thread uses it; any may {@link #abort} it, which has
 * that fail.
 */
abstract sealed class Connection {
  private static final File NOTHING = new File("/dev/null");

  /** Gets there; {@link #abort} ends that, too. */
  void open() throws BlockException {}

  /** Where to write; closed by {@link #finish}. */
  abstract OutputStream out() throws IOException;

  /** Where to read. */
  abstract InputStream in() throws IOException;

  /**
   * Nothing more is written.
   *
   * @throws IOException if not all that was written has been taken
   */
  abstract void finish() throws IOException;

  /** Gives it up at once. */
  abstract void abort();

  /** The way there, which is to be opened. */
  static Connection to(MigrationUri uri) throws BlockException {
    return switch (uri) {
      case MigrationUri.Exec(String command) ->
          new Command(started(command, Redirect.PIPE, Redirect.INHERIT));
      case MigrationUri.Unix(String path) -> unconnected(path, UnixDomainSocketAddress.of(path));
      case MigrationUri.Tcp(String host, int port) ->
          unconnected(host + ":" + port, new InetSocketAddress(host, port));
    };
  }

  private static Process started(String command, Redirect in, Redirect out) throws BlockException {
    try {
      return new ProcessBuilder("/bin/sh", "-c", command)
          .redirectInput(in)
          .redirectOutput(out)
          .redirectError(Redirect.INHERIT)
          .start();
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Unable to start '" + command + "'").causedBy(e);
    }
  }

  private static Connection unconnected(String name, SocketAddress address) throws BlockException {
    try {
      boolean unix = address instanceof UnixDomainSocketAddress;
      return new Socket(
          unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open(),
          name,
          address);
    } catch (IOException e) {
      throw failed("Failed to connect to '" + name + "'", e);
    }
  }

  private static BlockException failed(String what, Exception e) {
    String why = e instanceof UnresolvedAddressException ? "unknown host" : e.getMessage();
    return new BlockException(Errno.EIO, what + ": " + why).causedBy(e);
  }

  /** What one waits for, or has already. */
  static Waiting from(MigrationUri uri) throws BlockException {
    return switch (uri) {
      case MigrationUri.Exec(String command) -> {
        var made = new Command(started(command, Redirect.from(NOTHING), Redirect.PIPE));
        yield new Waiting(null, null, made);
      }
      case MigrationUri.Unix(String path) -> listening(path, path);
      case MigrationUri.Tcp(String host, int port) -> listening(host + ":" + port, host, port);
    };
  }

  private static Waiting listening(String name, String path) throws BlockException {
    try {
      Path place = Path.of(path);
      Files.deleteIfExists(place); // one that is left of another process is in the way
      var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      return bound(name, server, UnixDomainSocketAddress.of(place), place);
    } catch (IOException e) {
      throw failed("Failed to bind socket to " + name, e);
    }
  }

  private static Waiting listening(String name, String host, int port) throws BlockException {
    try {
      SocketAddress address =
          host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port);
      return bound(name, ServerSocketChannel.open(), address, null);
    } catch (IOException e) {
      throw failed("Failed to bind socket to " + name, e);
    }
  }

  private static Waiting bound(
      String name, ServerSocketChannel server, SocketAddress address, @Nullable Path place)
      throws BlockException, IOException {
    boolean bound = false;
    try {
      server.bind(address, 1);
      bound = true;
      return new Waiting(server, place, null);
    } catch (UnresolvedAddressException e) {
      throw failed("Failed to bind socket to " + name, e);
    } finally {
      if (!bound) {
        server.close();
      }
    }
  }

  /** A socket. */
  static final class Socket extends Connection {
    private final SocketChannel channel;
    private final String name;
    private final @Nullable SocketAddress address; // null if it is there

    Socket(SocketChannel channel, String name, @Nullable SocketAddress address) {
      this.channel = channel;
      this.name = name;
      this.address = address;
    }

    @Override
    void open() throws BlockException {
      try {
        if (address != null) {
          channel.connect(address);
        }
      } catch (IOException | UnresolvedAddressException e) {
        throw failed("Failed to connect to '" + name + "'", e);
      }
    }

    @Override
    OutputStream out() {
      return Channels.newOutputStream(channel);
    }

    @Override
    InputStream in() {
      return Channels.newInputStream(channel);
    }

    @Override
    void finish() throws IOException {
      channel.close();
    }

    @Override
    void abort() {
      try {
        channel.close();
      } catch (IOException _) {
        // It is given up, whatever becomes of it.
      }
    }
  }

  /** A command's input, or its output. */
  static final class Command extends Connection {
    private final Process process;

    Command(Process process) {
      this.process = process;
    }

    @Override
    OutputStream out() {
      return process.getOutputStream();
    }

    @Override
    InputStream in() {
      return process.getInputStream();
    }

    @Override
    void finish() throws IOException {
      process.getOutputStream().close();
      process.getInputStream().close();
      try {
        int code = process.waitFor();
        if (code != 0) {
          throw new IOException("the command ended with status " + code);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    @Override
    void abort() {
      process.descendants().forEach(ProcessHandle::destroy); // who has the pipe's other end
      process.destroy();
    }
  }
}
