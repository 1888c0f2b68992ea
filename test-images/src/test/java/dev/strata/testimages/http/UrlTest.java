// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import static dev.strata.testimages.http.UrlDisk.read;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.http.ScriptedFile;
import dev.strata.block.image.DiskImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files on servers that do as they should, and on those that do not. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
final class UrlTest {
  private static final int SIZE = 1 << 20;

  @TempDir private Path folder;
  private final byte[] file = new byte[SIZE];
  private final List<String> lines = new ArrayList<>();
  private FileServer server;

  @BeforeEach
  void serve() throws IOException {
    new Random(2).nextBytes(file);
    server = FileServer.of(file);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private DiskImage open(String url, String more) throws BlockException {
    return UrlDisk.open(url, more, lines::add);
  }

  private byte[] part(int offset, int length) {
    return Arrays.copyOfRange(file, offset, offset + length);
  }

  private String failure(String path, String more, int offset) {
    return UrlDisk.failure(server.url(path), more, offset, lines::add);
  }

  @Test
  void smallReadsNextToEachOtherAreOneRequest() throws BlockException {
    try (DiskImage disk = open(server.url("sound"), "")) {
      for (int at = 0; at < 256 << 10; at += 4096) {
        assertArrayEquals(part(at, 4096), read(disk, at, 4096));
      }
    }
    assertEquals(List.of("HEAD sound", "GET sound"), server.seen);
  }

  @Test
  void manyThreadsReadWhatIsThere() throws Exception {
    try (DiskImage disk = open(server.url("sound"), ",\"readahead\":4096");
        var threads = Executors.newFixedThreadPool(8)) {
      var tasks = new ArrayList<Callable<Void>>();
      for (int i = 0; i < 8; i++) {
        var random = new Random(i);
        tasks.add(() -> {
          for (int k = 0; k < 100; k++) {
            int length = 512 * (1 + random.nextInt(20));
            int offset = random.nextInt((SIZE - length) / 512) * 512;
            assertArrayEquals(part(offset, length), read(disk, offset, length));
          }
          return null;
        });
      }
      for (Future<Void> each : threads.invokeAll(tasks)) {
        each.get();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"passing", "cut", "short"})
  void whatAServerFailsToSendIsAskedForAgain(String path) throws BlockException {
    // Half of it comes each time.
    try (DiskImage disk = open(server.url(path), ",\"readahead\":0")) {
      assertArrayEquals(part(4096, 8), read(disk, 4096, 8));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "short", "stingy", "other", "error", "whole"})
  void aReplyThatIsNotWhatWasAskedForIsAnErrorAndNeverOtherBytes(String path) {
    assertEquals("Input/output error", failure(path, "", SIZE / 2));
    assertEquals(
        1, lines.stream().filter(line -> line.contains("curl: ")).count(), lines::toString);
  }

  @Test
  void theBeginningOfAWholeFileWillDo() throws BlockException {
    try (DiskImage disk = open(server.url("whole"), "")) {
      assertArrayEquals(part(0, 8192), read(disk, 0, 8192));
    }
  }

  @Test
  void anEndlessReplyIsCutOff() throws BlockException {
    try (DiskImage disk = open(server.url("endless"), "")) {
      assertArrayEquals(part(512, 8192), read(disk, 512, 8192));
    }
  }

  @Test
  void chunksAreRefused() {
    assertEquals("Input/output error", failure("chunks", "", 0));
    assertTrue(
        lines.getLast().contains("sends chunks ('Transfer-Encoding'), which are not supported"),
        lines::toString);
  }

  /** The JDK's client would spend a processor on it for good. */
  @Test
  void aChunkOfANegativeLengthIsNotReadForEver() throws Exception {
    try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answer(listening));
      var e =
          assertThrows(
              BlockException.class, () -> ScriptedFile.httpPart(listening.getLocalPort(), 0));
      assertTrue(e.getMessage().contains("which are not supported"), e.getMessage());
    }
    var threads = ManagementFactory.getThreadMXBean();
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo info = threads.getThreadInfo(id, 20);
      if (info != null && info.getThreadName().startsWith("HttpClient")) {
        for (StackTraceElement frame : info.getStackTrace()) {
          assertFalse(frame.getClassName().contains("ChunkedBodyParser"), info::toString);
        }
      }
    }
  }

  private static void answer(ServerSocket listening) {
    try (Socket client = listening.accept()) {
      var lines = new BufferedReader(new InputStreamReader(client.getInputStream(), ISO_8859_1));
      for (String line = lines.readLine(); !line.isEmpty(); line = lines.readLine()) {}
      String reply =
          "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-255/8192\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n80000000\r\nsomething";
      client.getOutputStream().write(reply.getBytes(ISO_8859_1));
      while (client.getInputStream().read() >= 0) {} // until the other end has had enough
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() {
    String message = failure("silent", ",\"timeout\":1", 0);
    assertTrue(message.contains("CURL: Error opening file: Operation timed out after 1"), message);
    assertEquals("Input/output error", failure("stalled", ",\"timeout\":1", 0));
    assertTrue(lines.getLast().contains("Operation timed out after"), lines::toString);
  }

  @Test
  void redirectionsThatNeverEndAreAnError() {
    String message = failure("loop", "", 0);
    assertTrue(message.endsWith("Maximum (10) redirects followed"), message);
  }

  @Test
  void secretsGoToTheServerThatTheUrlNamesAndToNoOther() throws BlockException {
    String more = ",\"username\":\"ann\",\"cookie\":\"a=b\"";
    try (DiskImage disk = open(server.url("elsewhere"), more)) {
      assertArrayEquals(part(0, 512), read(disk, 0, 512));
    }
    String secrets = " Authorization: Basic YW5uOg== Cookie: a=b";
    assertEquals(
        List.of("HEAD elsewhere" + secrets, "HEAD sound", "GET elsewhere" + secrets, "GET sound"),
        server.seen);
  }

  @Test
  void aUrlMayNameTheUser() throws BlockException {
    String url = server.url("sound").replace("//", "//ann:p%40ss@");
    try (DiskImage disk = open(url, "")) {
      assertEquals(SIZE, disk.length());
    }
    assertEquals("HEAD sound Authorization: Basic YW5uOnBAc3M=", server.last());
  }

  @Test
  void aCertificateThatNobodyVouchesForIsRefusedUnlessTheUserSaysSo() throws Exception {
    try (FileServer secure = FileServer.withTls(file, SelfSigned.context(folder))) {
      var e = assertThrows(BlockException.class, () -> open(secure.url("sound"), "").close());
      assertTrue(e.getMessage().contains("TLS handshake failed: "), e.getMessage());
      try (DiskImage disk = open(secure.url("sound"), ",\"sslverify\":false")) {
        assertArrayEquals(part(4096, 512), read(disk, 4096, 512));
      }
    }
  }
}
