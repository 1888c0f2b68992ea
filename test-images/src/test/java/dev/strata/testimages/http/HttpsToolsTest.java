// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.peer.BothTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What both tools make of a file on a server by others that speaks TLS, OpenSSL's. */
@Timeout(120)
final class HttpsToolsTest {
  private static final int SIZE = (1 << 20) + 77;

  private static final String SERVER =
      """
      import http.server, re, ssl, sys
      data = open(sys.argv[1], 'rb').read()
      class Handler(http.server.BaseHTTPRequestHandler):
          protocol_version = 'HTTP/1.1'
          def do_HEAD(self):
              self.answer(200, b'', len(data))
          def do_GET(self):
              start, end = map(int, re.fullmatch(
                  r'bytes=(\\d+)-(\\d+)', self.headers['Range']).groups())
              if end >= len(data):
                  print('beyond the end', file=sys.stderr, flush=True)
              part = data[start:end + 1]
              self.answer(206, part, len(part), f'bytes {start}-{start + len(part) - 1}/{len(data)}')
          def answer(self, status, part, length, where=None):
              self.send_response(status)
              self.send_header('Accept-Ranges', 'bytes')
              self.send_header('Content-Length', str(length))
              if where:
                  self.send_header('Content-Range', where)
              self.end_headers()
              self.wfile.write(part)
          def log_message(self, *_):
              pass
      server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(sys.argv[2], sys.argv[3])
      server.socket = context.wrap_socket(server.socket, server_side=True)
      print(server.server_address[1], flush=True)
      server.serve_forever()
      """;

  @TempDir private Path folder;
  private final byte[] file = new byte[SIZE];
  private @Nullable Process server;
  private BothTools tools;
  private String url = "";

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    try (Stream<Path> modules =
        Files.find(Path.of("/usr/lib"), 4, (p, a) -> p.endsWith("qemu/block-curl.so"))) {
      assumeTrue(modules.findAny().isPresent(), "no block-curl.so (Debian's qemu-block-extra)");
    }
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "no python3");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "no openssl");
    new Random(1).nextBytes(file);
    Files.write(folder.resolve("served"), file);
    Process certificate =
        new ProcessBuilder(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3"
                    .concat(" -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1")
                    .concat(" -keyout key.pem -out cert.pem")
                    .split(" "))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.log").toFile())
            .start();
    assertTrue(certificate.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, certificate.exitValue());
    tools = new BothTools(folder);
    server =
        new ProcessBuilder("/usr/bin/python3", "-c", SERVER, "served", "cert.pem", "key.pem")
            .directory(folder.toFile())
            .redirectError(folder.resolve("server.log").toFile())
            .start();
    url = "https://127.0.0.1:" + server.inputReader().readLine() + "/disk";
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (server != null) {
      server.destroy();
      assertTrue(server.waitFor(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void bothConvertTheSameBytesIfTheCertificateNeedNotBeVerified() throws Exception {
    String image = "driver=raw,file.driver=https,file.sslverify=off,file.url=" + url;
    tools.assertSame("qemu-img", "convert", "--image-opts", "-O", "raw", image, "disk");
    byte[] expected = Arrays.copyOf(file, (SIZE + 511) / 512 * 512);
    assertArrayEquals(expected, Files.readAllBytes(folder.resolve("disk")));
    assertArrayEquals(expected, Files.readAllBytes(tools.ours().resolve("disk")));
    tools.assertSame("qemu-img", "info", "--image-opts", image);
    assertFalse(Files.readString(folder.resolve("server.log")).contains("beyond the end"));
  }

  @Test
  void bothRefuseACertificateThatNobodyVouchesFor() throws Exception {
    for (String image :
        List.of(
            "driver=raw,file.driver=https,file.url=" + url,
            "driver=raw,file.driver=https,file.sslverify=on,file.url=" + url)) {
      String[] words = {"convert", "--image-opts", "-O", "raw", image, "disk"};
      String real =
          failure(folder, Stream.concat(Stream.of("qemu-img"), Stream.of(words)).toList());
      String ours =
          failure(
              tools.ours(),
              Stream.concat(
                      Stream.of(
                          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                          "--enable-native-access=ALL-UNNAMED",
                          "-cp",
                          System.getProperty("java.class.path"),
                          "dev.strata.imgtool.QemuImg"),
                      Stream.of(words))
                  .toList());
      String beginning = "qemu-img: Could not open '" + image + "': CURL: Error opening file: ";
      assertTrue(real.startsWith(beginning), real);
      assertTrue(ours.startsWith(beginning + "TLS handshake failed: "), ours);
      assertFalse(Files.exists(folder.resolve("disk")));
      assertFalse(Files.exists(tools.ours().resolve("disk")));
    }
  }

  private static String failure(Path where, List<String> command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(where.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(1, process.exitValue(), output);
    return output;
  }
}
