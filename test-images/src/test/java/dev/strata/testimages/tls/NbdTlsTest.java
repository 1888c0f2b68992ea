// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.OptionReplyHeader;
import dev.strata.testimages.nbdserver.Commands;
import dev.strata.testimages.nbdserver.Server;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever speaks TLS with us, and whoever does not. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class NbdTlsTest {
  private static final int SIZE = 4 << 20;
  private static final String NORMAL = "NORMAL";
  private static final String OLDER = "NORMAL:-VERS-TLS1.3";

  @TempDir private static Path credentials;
  private static Certificates certificates;

  @TempDir private Path folder;
  private Commands commands;
  private byte[] content;

  @BeforeAll
  static void makeCertificates() throws IOException, InterruptedException {
    Commands.assumeInstalled("qemu-nbd", "qemu-img", "nbdinfo", "nbdcopy", "nbdkit");
    certificates = Certificates.make(credentials);
  }

  @BeforeEach
  void makeDisk() throws IOException, InterruptedException {
    commands = new Commands(folder);
    content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Files.write(folder.resolve("disk"), content);
    commands.succeed(Commands.OURS, "--version"); // which may have to build first
  }

  private static String object(String kind, String endpoint, String dir, String priority) {
    boolean psk = kind.equals("psk");
    return (psk ? "tls-creds-psk" : "tls-creds-x509")
        + ",id=t,endpoint="
        + endpoint
        + ",priority="
        + priority
        + ",dir="
        + certificates.dir(psk ? "psk" : dir)
        + (psk && endpoint.equals("client") ? ",username=alice" : "");
  }

  private Server serve(String program, String kind, String priority, String... more)
      throws IOException, InterruptedException {
    var options =
        new ArrayList<>(
            List.of(
                "-t",
                "-e",
                "0",
                "-f",
                "raw",
                "--object",
                object(kind, "server", "server", priority),
                "--tls-creds",
                "t"));
    options.addAll(List.of(more));
    options.add("disk");
    return Server.start(folder, program, options.toArray(String[]::new));
  }

  /** A name that libnbd and we know. */
  private static String uri(Path socket, String kind, String dir) {
    return kind.equals("psk")
        ? "nbds+unix://alice@/?socket="
            + socket
            + "&tls-psk-file="
            + certificates.dir("psk/keys.psk")
        : "nbds+unix:///?socket="
            + socket
            + "&tls-certificates="
            + certificates.dir(dir)
            + "&tls-hostname=localhost";
  }

  private static String options(Path socket) {
    return "driver=nbd,path=" + socket + ",tls-creds=t,tls-hostname=localhost";
  }

  @ParameterizedTest
  @ValueSource(strings = {"x509", "psk"})
  void realClientsCopyFromAndToUs(String kind) throws Exception {
    try (Server server = serve(Commands.OURS, kind, NORMAL)) {
      String uri = uri(server.socket(), kind, "client");
      assertEquals(SIZE + "\n", commands.succeed("nbdinfo", "--size", uri));
      commands.succeed("nbdcopy", uri, "copy");
      assertArrayEquals(content, Files.readAllBytes(folder.resolve("copy")));
      for (String priority : List.of(NORMAL, OLDER)) {
        commands.succeed(
            "qemu-img",
            "convert",
            "--object",
            object(kind, "client", "client", priority),
            "--image-opts",
            options(server.socket()),
            "-O",
            "raw",
            "copy2");
        assertArrayEquals(content, Files.readAllBytes(folder.resolve("copy2")), priority);
      }
      new Random(8).nextBytes(content);
      Files.write(folder.resolve("new"), content);
      commands.succeed("nbdcopy", "--flush", "new", uri);
    }
    assertArrayEquals(content, Files.readAllBytes(folder.resolve("disk")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x509 qemu-nbd", "psk qemu-nbd", "x509 nbdkit", "psk nbdkit"})
  void weCopyFromAndToRealServers(String words) throws Exception {
    String kind = words.split(" ")[0];
    boolean qemu = words.endsWith("qemu-nbd");
    for (String priority : qemu ? List.of(NORMAL, OLDER) : List.of(NORMAL)) {
      try (Server server = qemu ? serve("qemu-nbd", kind, priority) : nbdkit(kind)) {
        copy(uri(server.socket(), kind, "client"));
      }
    }
  }

  /** Each cipher alone, by both versions: we and the real server as clients of each other. */
  @ParameterizedTest
  @ValueSource(strings = {"AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305"})
  void everyCipherIsSpokenByBothEnds(String cipher) throws Exception {
    for (String priority : List.of(NORMAL, OLDER)) {
      String only = priority;
      for (String other : List.of("AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305")) {
        only += other.equals(cipher) ? "" : ":-" + other;
      }
      try (Server server = serve("qemu-nbd", "x509", only)) {
        copy(uri(server.socket(), "x509", "client"));
      }
      try (Server server = serve(Commands.OURS, "x509", only)) {
        commands.succeed("nbdcopy", uri(server.socket(), "x509", "client"), "copy");
        assertArrayEquals(content, Files.readAllBytes(folder.resolve("copy")), only);
      }
    }
  }

  private Server nbdkit(String kind) throws IOException, InterruptedException {
    Path socket = folder.resolve("socket");
    Files.deleteIfExists(socket);
    var command = new ArrayList<>(List.of("nbdkit", "-f", "-U", socket.toString()));
    command.add("--tls=require");
    if (kind.equals("psk")) {
      command.add("--tls-psk=" + certificates.dir("psk/keys.psk"));
    } else {
      command.add("--tls-certificates=" + certificates.dir("server"));
      command.add("--tls-verify-peer");
    }
    command.addAll(List.of("file", "disk"));
    Process process = new ProcessBuilder(command).directory(folder.toFile()).start();
    return Server.listening(process, socket);
  }

  private void copy(String uri) throws BlockException {
    var read = ByteBuffer.allocate(SIZE);
    try (DiskImage disk = ImageFile.of(uri).format("raw").forWriting().open()) {
      disk.read(0, read);
      assertArrayEquals(content, read.array());
      new Random(9).nextBytes(content);
      disk.write(0, ByteBuffer.wrap(content));
      disk.flush();
      disk.read(0, read.clear());
      assertArrayEquals(content, read.array());
    }
  }

  @Test
  void whoMayNotComeDoesNot() throws Exception {
    String name = Certificates.CLIENT_NAME.replace(",", ",,");
    String[] others = {"--object", "authz-simple,id=z,identity=CN=other", "--tls-authz", "z"};
    try (Server server = serve(Commands.OURS, "x509", NORMAL, others)) {
      assertRefused(uri(server.socket(), "x509", "client"));
    }
    Files.deleteIfExists(folder.resolve("socket"));
    String[] own = {"--object", "authz-simple,id=z,identity=" + name, "--tls-authz", "z"};
    try (Server server = serve(Commands.OURS, "x509", NORMAL, own)) {
      assertRefused(uri(server.socket(), "x509", "nobody"));
      assertRefused(uri(server.socket(), "x509", "stranger"));
      copy(uri(server.socket(), "x509", "client"));
      assertLogged("Verify failed: No certificate was found.");
      assertLogged("The certificate hasn't got a known issuer");
    }
  }

  /** CVE-2013-6410 took an address for one that only began alike; here names are what counts. */
  @Test
  @DisplayName("CVE-2013-6410: who may come is judged by the start of a name")
  void whoseNameIsLikeOneThatMayComeDoesNot() throws Exception {
    String name = Certificates.CLIENT_NAME;
    for (String other :
        List.of(
            name.substring(0, name.length() - 1),
            name.substring(1),
            name + "x",
            "CN=client one",
            name.toLowerCase(Locale.ROOT),
            "*")) {
      String identity = "authz-simple,id=z,identity=" + other.replace(",", ",,");
      try (Server server =
          serve(Commands.OURS, "x509", NORMAL, "--object", identity, "--tls-authz", "z")) {
        assertRefused(uri(server.socket(), "x509", "client"));
      }
      Files.deleteIfExists(folder.resolve("socket"));
    }
  }

  /** The server tells in its own time: the client may be gone before. */
  private void assertLogged(String message) throws Exception {
    String log = "";
    for (int i = 0; i < 100; i++) {
      log = Files.readString(folder.resolve("server.log"));
      if (log.contains(message)) {
        return;
      }
      Thread.sleep(100);
    }
    fail(log);
  }

  private static void assertRefused(String uri) {
    var e =
        assertThrows(BlockException.class, () -> ImageFile.of(uri).format("raw").open().close());
    assertFalse(e.getMessage().contains("Failed to connect"), e.getMessage());
  }

  /** The certificate is that of whom we asked for, or there is no connection. */
  @Test
  @DisplayName("CVE-2024-7383: a certificate that nobody verifies")
  void theServersNameIsVerified() throws Exception {
    try (Server server = serve("qemu-nbd", "x509", NORMAL)) {
      String uri = uri(server.socket(), "x509", "client");
      String other = uri.replace("tls-hostname=localhost", "tls-hostname=elsewhere");
      var e = assertThrows(BlockException.class, () -> ImageFile.of(other).open());
      assertTrue(
          e.getMessage().endsWith("Certificate does not match the hostname elsewhere"),
          e.getMessage());
      String nameless = uri.replace("&tls-hostname=localhost", "");
      e = assertThrows(BlockException.class, () -> ImageFile.of(nameless).open());
      assertTrue(e.getMessage().endsWith("No hostname for certificate validation"), e.getMessage());
    }
  }

  /** Who asks for TLS never falls back. */
  @Test
  @DisplayName("libnbd, September 2019: TLS that is required is done without")
  void aServerWithoutTlsIsNotSpokenTo() throws Exception {
    try (Server server = Server.start(folder, "qemu-nbd", "-t", "-f", "raw", "disk")) {
      String uri = uri(server.socket(), "x509", "client");
      var e = assertThrows(BlockException.class, () -> ImageFile.of(uri).open());
      assertTrue(
          e.getMessage().endsWith("Denied by server for option 5 (starttls)"), e.getMessage());
    }
  }

  /** All that a client is told in the clear is that it has to turn to TLS. */
  @Test
  void optionsBeforeTlsAreRefused() throws Exception {
    try (Server server = serve(Commands.OURS, "x509", NORMAL);
        SocketChannel client = greeted(server.socket())) {
      for (NbdOption option :
          List.of(
              new NbdOption.ListExports(),
              new NbdOption.StructuredReply(),
              new NbdOption.Info("", List.of()),
              new NbdOption.Go("", List.of()))) {
        send(client, option.encode());
        OptionReplyHeader reply = OptionReplyHeader.decode(receive(client, OptionReplyHeader.SIZE));
        receive(client, reply.length());
        assertEquals(OptionError.TLS_REQUIRED.replyType(), reply.type(), option.toString());
      }
      send(client, new NbdOption.Abort().encode());
      assertEquals(1, OptionReplyHeader.decode(receive(client, OptionReplyHeader.SIZE)).type());
    }
  }

  /** What came in the clear behind STARTTLS is not taken for said within TLS. */
  @Test
  @DisplayName("CVE-2021-3716: what is said in the clear behind STARTTLS")
  void optionsBehindStartTlsAreDropped() throws Exception {
    try (Server server = serve(Commands.OURS, "psk", NORMAL)) {
      try (SocketChannel client = greeted(server.socket())) {
        ByteBuffer injected = new NbdOption.StructuredReply().encode();
        ByteBuffer start = new NbdOption.StartTls().encode();
        send(
            client,
            ByteBuffer.allocate(start.remaining() + injected.remaining())
                .put(start)
                .put(injected)
                .flip());
        assertEquals(1, OptionReplyHeader.decode(receive(client, OptionReplyHeader.SIZE)).type());
        // No answer to the option, but the end: an alert of TLS at most.
        var rest = ByteBuffer.allocate(256);
        try {
          while (rest.hasRemaining() && client.read(rest) >= 0) {
            // Until the end.
          }
        } catch (IOException e) {
          // Hanging up on what was not read is a reset.
        }
        assertTrue(rest.position() < OptionReplyHeader.SIZE, "answered");
      }
      copy(uri(server.socket(), "psk", ""));
    }
  }

  private static SocketChannel greeted(Path socket) throws IOException {
    SocketChannel client = null;
    while (client == null) {
      try {
        client = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      } catch (ConnectException e) {
        // The socket is there, but nobody listens yet.
      }
    }
    receive(client, 18);
    send(client, ByteBuffer.allocate(4).putInt(3).flip());
    return client;
  }

  private static void send(SocketChannel client, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      client.write(bytes);
    }
  }

  private static ByteBuffer receive(SocketChannel client, int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      assertTrue(client.read(bytes) >= 0, "the server has hung up");
    }
    return bytes.flip();
  }
}
