// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server of this process, whose certificate an authority's file has, or another's. */
final class ServerTrustTest {
  private static final String PASSWORD = "secret";

  @TempDir private static Path folder;

  @BeforeAll
  static void makeKeys() throws Exception {
    makeKey("server", "san=ip:127.0.0.1,dns:localhost");
    makeKey("stranger", "san=ip:127.0.0.1,dns:localhost");
    makeKey("elsewhere", "san=dns:elsewhere.example");
  }

  private static void makeKey(String name, String extension) throws Exception {
    keytool(
        "-genkeypair",
        "-keyalg",
        "EC",
        "-alias",
        name,
        "-dname",
        "CN=" + name,
        "-ext",
        extension,
        "-keystore",
        name + ".keys");
    keytool(
        "-exportcert", "-rfc", "-alias", name, "-keystore", name + ".keys", "-file", name + ".pem");
  }

  private static void keytool(String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(words));
    command.addAll(List.of("-storepass", PASSWORD));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), said);
  }

  private static SSLServerSocket serve(String name) throws Exception {
    var keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(folder.resolve(name + ".keys"))) {
      keys.load(in, PASSWORD.toCharArray());
    }
    var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, PASSWORD.toCharArray());
    var context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return (SSLServerSocket)
        context.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  /** What a client of HTTPS reads from a server with that key. */
  private static int read(String server, SSLContext trust) throws Exception {
    try (SSLServerSocket listening = serve(server)) {
      Thread serving =
          Thread.ofPlatform()
              .start(() -> {
                try (var accepted = listening.accept()) {
                  accepted.getOutputStream().write(7);
                } catch (IOException e) {
                  // The client went away, which it says itself.
                }
              });
      try (var socket =
          (SSLSocket)
              trust.getSocketFactory().createSocket("127.0.0.1", listening.getLocalPort())) {
        var parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // as the JDK's client does
        socket.setSSLParameters(parameters);
        return socket.getInputStream().read();
      } finally {
        serving.join();
      }
    }
  }

  @Test
  void whomTheFileVouchesForIsTrusted() throws Exception {
    assertEquals(7, read("server", ServerTrust.of(folder.resolve("server.pem"))));
  }

  @Test
  void oneOfSeveralAuthoritiesIsEnough() throws Exception {
    Path all = folder.resolve("all.pem");
    Files.writeString(
        all,
        Files.readString(folder.resolve("stranger.pem"))
            + Files.readString(folder.resolve("server.pem")));
    assertEquals(7, read("server", ServerTrust.of(all)));
  }

  @Test
  void whomNobodyVouchesForIsNot() throws Exception {
    SSLContext trust = ServerTrust.of(folder.resolve("stranger.pem"));
    assertThrows(SSLException.class, () -> read("server", trust));
  }

  @Test
  void anotherServersCertificateIsNotTrusted() throws Exception {
    SSLContext trust = ServerTrust.of(folder.resolve("elsewhere.pem"));
    assertThrows(SSLException.class, () -> read("elsewhere", trust));
    assertEquals(7, read("elsewhere", ServerTrust.ofAnybody()));
  }
}
