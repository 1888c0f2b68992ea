// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.object.Authorization;
import dev.strata.block.option.PortNumber;
import dev.strata.block.posix.Detachment;
import dev.strata.block.posix.Listener;
import dev.strata.block.posix.Posix;
import dev.strata.block.tls.PeerSocket;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.commandline.Training;
import dev.strata.nbdserver.Export;
import dev.strata.nbdserver.MetricsServer;
import dev.strata.nbdserver.NbdServer;
import dev.strata.nbdserver.TlsAccess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The program {@code qemu-nbd}: serves a disk image. */
public final class QemuNbd {
  private final Terminal terminal;
  private final CommandLine given;
  private final boolean takesSignals;

  private QemuNbd(Terminal terminal, boolean takesSignals) {
    this.terminal = terminal;
    this.takesSignals = takesSignals;
    this.given = new CommandLine(terminal);
  }

  /** Runs the program. */
  public static void main(String[] arguments) throws IOException {
    Path training = Training.commandLines();
    if (training != null) {
      TrainingClient.run(training);
      return;
    }
    // Not System.exit: there is nothing to shut down, and idle threads shall not delay the end.
    Posix.exit(run(arguments, true));
  }

  /**
   * Runs the program within this process, with its standard streams; may be called again.
   *
   * @param takesSignals whether signals end it in order, which ends the process
   * @return the exit code
   */
  static int run(String[] arguments, boolean takesSignals) {
    Terminal terminal = Terminal.standard(System.getProperty("strata.program", "qemu-nbd"));
    try {
      new QemuNbd(terminal, takesSignals).run(Arrays.asList(arguments));
      return 0;
    } catch (CommandLine.Exit e) {
      return e.code;
    } catch (BlockException e) {
      terminal.error(e);
      return 1;
    } catch (OutOfMemoryError e) {
      terminal.error("Out of memory: " + e.getMessage());
      return 1;
    } finally {
      terminal.flush();
    }
  }

  private void run(List<String> words) throws CommandLine.Exit, BlockException {
    given.parse(words);
    if (given.disconnect) {
      throw KernelDevice.noDisconnect(given.filename);
    }
    long process = ProcessHandle.current().pid();
    // The launcher's process if that has left this one in the background; sockets were meant for
    // it.
    Long launcher = Long.getLong("strata.forked");
    int sockets = SocketActivation.count(System.getenv(), launcher == null ? process : launcher);
    if (sockets > 0) {
      given.checkActivated();
      if (sockets > 1) {
        throw new BlockException(
            Errno.EINVAL, "qemu-nbd does not support socket activation with LISTEN_FDS > 1");
      }
    }
    if (given.list) {
      list();
      return;
    }
    if (given.selinuxLabel != null) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "--selinux-label is not supported: set the socket's label by a policy");
    }
    if (given.fork && launcher == null) {
      throw new BlockException(Errno.EOPNOTSUPP, "--fork needs the program's launcher");
    }
    if (launcher != null) {
      Detachment.leaveSession();
    }
    serve(sockets > 0, process);
  }

  private void list() throws BlockException {
    if (given.socket != null) {
      ExportList.print(
          UnixDomainSocketAddress.of(given.socket),
          given.socket,
          given.tls,
          given.tlsHostname,
          terminal.out());
      return;
    }
    String port = given.port();
    var address = new InetSocketAddress(given.host(), PortNumber.parse(given.host(), port));
    String hostname = given.tlsHostname == null ? given.host() : given.tlsHostname;
    ExportList.print(address, given.host() + ":" + port, given.tls, hostname, terminal.out());
  }

  private void serve(boolean activated, long process) throws BlockException {
    var ended = new CountDownLatch(1);
    try (var image = new ExportedImage(given, terminal)) {
      Export export = image.open();
      if (given.connectDevice != null) {
        throw KernelDevice.noConnect(given.connectDevice);
      }
      TlsAccess tls = tlsAccess();
      Listener listener = activated ? SocketActivation.listener() : listen();
      var server =
          new NbdServer(List.of(export), given.shared, given.persistent, tls, this::noteRefusal);
      Listener metrics = null;
      if (takesSignals) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endBySignal(server, ended)));
      }
      try {
        metrics = startMetrics(server);
        writePidFile(process);
        if (given.fork) {
          Detachment.closeErrors();
        }
      } catch (BlockException e) {
        listener.close();
        throw e;
      }
      boolean shows = given.verbose && given.port != null && StatusLine.show(server, terminal);
      server.run(listener);
      if (shows) {
        terminal.out().print("\n"); // the shell's prompt has a line of its own
      }
      if (metrics != null) {
        metrics.close();
      }
    }
    ended.countDown();
  }

  private @Nullable TlsAccess tlsAccess() throws BlockException {
    TlsCredentials credentials = given.tls;
    if (credentials == null) {
      return null;
    }
    PeerSocket.prepareServer(credentials);
    Authorization authorization = given.authorization;
    return new TlsAccess(credentials, authorization == null ? null : authorization::allows);
  }

  /** Names of clients are theirs to choose, and shall not steer a terminal. */
  private void noteRefusal(String note) {
    var shown = new StringBuilder(note.length());
    for (int i = 0; i < note.length(); i++) {
      char c = note.charAt(i);
      shown.append(Character.isISOControl(c) ? '?' : c);
    }
    terminal.error(shown.toString());
    terminal.flush();
  }

  private @Nullable Listener startMetrics(NbdServer server) throws BlockException {
    String address = given.metrics;
    if (address == null) {
      return null;
    }
    int colon = address.lastIndexOf(':');
    Listener listener;
    if (address.startsWith("/")) {
      listener = Listener.unix(address, 0);
    } else if (colon < 0) {
      throw new BlockException(
          Errno.EINVAL, "--metrics needs HOST:PORT or the absolute path of a socket");
    } else {
      String host = address.substring(0, colon);
      listener = Listener.tcp(host.isEmpty() ? "0.0.0.0" : host, address.substring(colon + 1), 0);
    }
    MetricsServer.start(server, listener);
    return listener;
  }

  /** Signals end the process when this returns. */
  private void endBySignal(NbdServer server, CountDownLatch ended) {
    server.end();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    terminal.flush();
    Posix.exit(0);
  }

  private Listener listen() throws BlockException {
    int backlog = given.persistent ? 0 : given.shared;
    if (given.socket != null) {
      return Listener.unix(given.socket, backlog);
    }
    return Listener.tcp(given.host(), given.port(), backlog);
  }

  private void writePidFile(long process) throws BlockException {
    String file = given.pidFile;
    if (file == null) {
      return;
    }
    try {
      Files.writeString(Path.of(file), process + "\n", StandardCharsets.US_ASCII);
    } catch (NoSuchFileException e) {
      throw BlockException.of(Errno.ENOENT, "Could not create '" + file + "'").causedBy(e);
    } catch (AccessDeniedException e) {
      throw BlockException.of(Errno.EACCES, "Could not create '" + file + "'").causedBy(e);
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not create '" + file + "': " + e.getMessage())
          .causedBy(e);
    }
  }
}
