// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import static dev.strata.testimages.http.UrlDisk.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files on FTP servers that do as they should, and on those that do not. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
final class FtpTest {
  private static final int SIZE = (1 << 20) + 100;

  @TempDir private Path folder;
  private final byte[] file = new byte[SIZE];
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private FtpFileServer server;

  @BeforeEach
  void serve() throws IOException {
    new Random(2).nextBytes(file);
    server = new FtpFileServer(file, null);
  }

  @AfterEach
  void stop() throws Exception {
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
  void aFileReadFromFrontToBackIsOneTransfer() throws BlockException {
    try (DiskImage disk = open(server.url("sound"), "")) {
      for (int at = 0; at < 1 << 20; at += 4096) {
        assertArrayEquals(part(at, 4096), read(disk, at, 4096));
      }
    }
    assertEquals(List.of("RETR sound"), server.transfers());
    assertEquals(
        List.of("USER anonymous", "PASS anonymous@", "TYPE I", "SIZE sound", "EPSV", "RETR sound"),
        server.seen);
  }

  @Test
  void manyThreadsThatReadOneAfterAnotherAreOneTransferToo() throws Exception {
    int piece = 64 << 10;
    try (DiskImage disk = open(server.url("sound"), ",\"readahead\":0");
        var threads = Executors.newFixedThreadPool(8)) {
      var started = new ArrayList<Future<byte[]>>();
      for (int at = 0; at < 1 << 20; at += piece) {
        int offset = at;
        started.add(threads.submit(() -> read(disk, offset, piece)));
      }
      for (int i = 0; i < started.size(); i++) {
        assertArrayEquals(part(i * piece, piece), started.get(i).get());
      }
    }
  }

  @Test
  void whatFollowsTheFileInItsLastSectorIsZero() throws BlockException {
    try (DiskImage disk = open(server.url("sound"), "")) {
      assertEquals((SIZE + 511) / 512 * 512, disk.length());
      byte[] last = Arrays.copyOf(part(SIZE - 100, 100), 512);
      assertArrayEquals(last, read(disk, SIZE - 100, 512));
      assertArrayEquals(new byte[412], read(disk, SIZE, 412));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sound", "noisy"})
  void manyThreadsReadWhatIsThere(String path) throws Exception {
    try (DiskImage disk = open(server.url(path), ",\"readahead\":4096");
        var threads = Executors.newFixedThreadPool(8)) {
      var tasks = new ArrayList<Callable<Void>>();
      for (int i = 0; i < 8; i++) {
        var random = new Random(i);
        tasks.add(() -> {
          for (int k = 0; k < 50; k++) {
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

  @Test
  void aServerThatAdmitsOneUserIsReadByOneConnection() throws Exception {
    server.maxUsers = 1;
    try (DiskImage disk = open(server.url("sound"), ",\"readahead\":0");
        var threads = Executors.newFixedThreadPool(4)) {
      var started = new ArrayList<Future<byte[]>>();
      for (int i = 0; i < 40; i++) {
        int offset = (39 - i) * 4096;
        started.add(threads.submit(() -> read(disk, offset, 4096)));
      }
      for (int i = 0; i < started.size(); i++) {
        assertArrayEquals(part((39 - i) * 4096, 4096), started.get(i).get());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"passing", "cut", "short"})
  void whatAServerFailsToSendIsAskedForAgain(String path) throws BlockException {
    // The rest of the file is 200 bytes, of which half comes each time.
    try (DiskImage disk = open(server.url(path), ",\"readahead\":0")) {
      assertArrayEquals(part(SIZE - 200, 180), read(disk, SIZE - 200, 180));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "stingy, transfer closed with",
    "larger, transfer closed with",
    "forbidden, RETR response: 550",
    "muddled, RETR response: 350"
  })
  void dataThatDoesNotComeIsAnErrorAndNeverOtherBytes(String path, String line) {
    int offset = path.equals("larger") ? SIZE + 4000 : 4096;
    assertEquals("Input/output error", failure(path, "", offset));
    assertEquals(
        1, lines.stream().filter(each -> each.contains("curl: " + line)).count(), lines::toString);
  }

  @Test
  void aFileThatHasGrownIsReadUpToItsSize() throws BlockException {
    try (DiskImage disk = open(server.url("smaller"), "")) {
      int size = SIZE / 2 + 100;
      assertArrayEquals(Arrays.copyOf(part(size - 100, 100), 102), read(disk, size - 100, 102));
    }
  }

  @Test
  void endlessDataIsCutOff() throws BlockException {
    try (DiskImage disk = open(server.url("longer"), "")) {
      assertArrayEquals(part(512, 8192), read(disk, 512, 8192));
      assertArrayEquals(part(1 << 19, 8192), read(disk, 1 << 19, 8192));
      assertArrayEquals(part(0, 8192), read(disk, 0, 8192));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "missing, The file does not exist",
    "sizeless, Server didn't report file size.",
    "huge, Server didn't report file size.",
    "negative, Server didn't report file size.",
    "endless, A reply of the server is longer than 65536 bytes",
    "gone, The server closed the connection",
    "closed/disk, Server denied you to change to the given directory",
    "a%0aDELE%20b, path contains control characters",
  })
  void aFileThatHasNoSizeIsNotOpened(String path, String expected) {
    String message = failure(path, "", 0);
    assertTrue(message.endsWith("CURL: Error opening file: " + expected), message);
  }

  @Test
  void whatDoesNotSpeakFtpIsRefused() {
    server.welcome = "SSH-2.0-OpenSSH_9.2p1";
    String message = failure("sound", "", 0);
    assertTrue(message.endsWith("The server does not speak FTP"), message);
    server.welcome = "421 Too many";
    message = failure("sound", "", 0);
    assertTrue(message.endsWith("Got a 421 ftp-server response when 220 was expected"), message);
  }

  @Test
  void aReplyToNoCommandIsNotTakenForTheNextOnes() {
    server.welcome = "220 Ready\r\n331 Yes\r\n230 Yes\r\n200 Yes\r\n213 512";
    String message = failure("sound", "", 0);
    assertTrue(message.endsWith("The server sent a reply to no command"), message);
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() {
    String message = failure("silent", ",\"timeout\":1", 0);
    assertTrue(message.contains("CURL: Error opening file: Operation timed out after 1"), message);
    assertEquals("Input/output error", failure("stalled", ",\"timeout\":1", 0));
    assertTrue(lines.getLast().contains("Operation timed out after"), lines::toString);
  }

  @Test
  void anAddressThatTheServerNamesIsNotConnectedTo() throws BlockException {
    server.failures.set(Integer.MIN_VALUE); // EPSV is unknown there, PASV names another host
    try (DiskImage disk = open(server.url("sound"), "")) {
      assertArrayEquals(part(4096, 512), read(disk, 4096, 512));
    }
    assertTrue(
        server.seen.containsAll(List.of("EPSV", "PASV", "REST 4096")), server.seen::toString);
  }

  @Test
  void theUserIsTheUrlsOrTheOptions() throws BlockException {
    open(server.url("sound").replace("//", "//ann:p%40s%20s@"), "").close();
    assertEquals(List.of("USER ann", "PASS p@s s"), server.seen.subList(0, 2));
    server.seen.clear();
    open(server.url("sound"), ",\"username\":\"bob\"").close();
    assertEquals(List.of("USER bob", "PASS "), server.seen.subList(0, 2));
    String message = failure("sound", ",\"username\":\"nobody\"", 0);
    assertTrue(message.endsWith("Access denied: 530"), message);
    message = failure("sound", ",\"username\":\"a\\r\\nDELE b\"", 0);
    assertTrue(message.endsWith("user name contains control characters"), message);
  }

  @Test
  void cookiesAndProxiesAreRefused() {
    String message = failure("sound", ",\"cookie\":\"a\"", 0);
    assertTrue(message.contains("doesn't support the option 'cookie'"), message);
    message = failure("sound", ",\"proxy-username\":\"a\"", 0);
    assertTrue(message.endsWith("A proxy for ftp is not supported"), message);
  }

  @Test
  void filesAreReadByTlsFromAServerWhoseCertificateTheUserNeedNotTrust() throws Exception {
    try (FtpFileServer secure = new FtpFileServer(file, SelfSigned.context(folder))) {
      var e = assertThrows(BlockException.class, () -> open(secure.url("sound"), "").close());
      assertTrue(e.getMessage().contains("TLS handshake failed: "), e.getMessage());
      try (DiskImage disk = open(secure.url("sound"), ",\"sslverify\":false")) {
        assertArrayEquals(part(4096, 512), read(disk, 4096, 512));
        assertArrayEquals(part(0, 512), read(disk, 0, 512));
      }
      assertTrue(secure.seen.containsAll(List.of("PBSZ 0", "PROT P")), secure.seen::toString);
    }
  }
}
