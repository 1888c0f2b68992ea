// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus is told. */
@Timeout(300)
final class MetricsTest {
  @TempDir private Path folder;

  @Test
  void requestsAreCountedByExportAndByClient() throws IOException, InterruptedException {
    Commands.assumeInstalled("qemu-img");
    new Commands(folder).succeed(Commands.OURS, "--version"); // which may have to build first
    Files.write(folder.resolve("disk"), new byte[1 << 20]);
    Path metrics = folder.resolve("metrics");
    String[] options = {"-t", "-x", "a\"b", "-f", "raw", "--metrics", metrics.toString(), "disk"};
    try (Server server = Server.start(folder, Commands.OURS, options)) {
      String name = "nbd+unix:///a%22b?socket=" + server.socket();
      try (DiskImage disk = ImageFile.of(name).format("raw").forWriting().open()) {
        disk.write(0, ByteBuffer.allocate(4096));
        disk.read(0, ByteBuffer.allocate(8192));
        String page = ask(metrics, "GET /metrics HTTP/1.1");
        assertTrue(page.startsWith("HTTP/1.1 200 OK\r\n"), page);
        assertLine(page, "strata_nbd_clients{export=\"a\\\"b\"} 1");
        assertLine(page, "strata_nbd_bytes_total{export=\"a\\\"b\",command=\"write\"} 4096");
        assertLine(
            page,
            "strata_nbd_client_bytes_total{export=\"a\\\"b\",client=\"1\",address=\"\",command=\"write\"}"
                + " 4096");
        assertLine(
            page,
            "strata_nbd_request_duration_seconds_bucket{export=\"a\\\"b\",command=\"write\",le=\"+Inf\"}"
                + " 1");
      }
      assertTrue(ask(metrics, "GET /other HTTP/1.1").startsWith("HTTP/1.1 404 "));
      assertTrue(ask(metrics, "nonsense").startsWith("HTTP/1.1 400 "));
    }
    assertTrue(Files.notExists(metrics), "the socket is left over");
  }

  private static void assertLine(String page, String line) {
    assertEquals(1, page.lines().filter(line::equals).count(), page);
  }

  private static String ask(Path socket, String line) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      channel.write(ByteBuffer.wrap((line + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
      var answer = ByteBuffer.allocate(1 << 20);
      while (channel.read(answer) >= 0) {
        // Until the end.
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }
}
